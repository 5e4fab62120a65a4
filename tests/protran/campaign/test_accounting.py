from __future__ import annotations

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from protran.campaign.accounting import usage_of, usage_of_rows
from protran.campaign.usage import JobUsage
from protran.carbon.footprint import Stage
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.records import CampaignRow
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment

ARCHITECTURE = Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),))
STAMP = "2026-11-26T10:00:00Z"
DETAILS = {"wall_s": 40.0, "model_s": 8.0, "clean_share": 0.75}
SEEN = {**DETAILS, "idle_power_w": 2.0, "calls_per_s": 100.0}
ENERGY = {"energy_j": Value(0.05, 0.001, Provenance.MEASURED_COUNTER)}


def profiled(details, values=None, *, device="pi", threads=1, status=MeasurementStatus.OK, **fields) -> CampaignRow:
    measurement = Measurement("r", device, status, values or {}, details=details, started_at=STAMP)
    return CampaignRow(0, Candidate(ARCHITECTURE, Deployment(threads=threads)), measurement=measurement, **fields)


def trained(train_s, details=None, **fields) -> CampaignRow:
    status = EvaluationStatus.FAILED if details is None else EvaluationStatus.OK
    evaluation = Evaluation(
        "key",
        ARCHITECTURE,
        "watch",
        Fidelity(6),
        0,
        status,
        train_s=train_s,
        details=details or {},
        started_at=STAMP,
        reason="it broke",
    )
    return CampaignRow(0, Candidate(ARCHITECTURE), evaluation=evaluation, **fields)


def test_a_training_used_the_processor_seconds_that_it_counted() -> None:
    stage = usage_of_rows([trained(12.0, {"train_core_s": 10.0})]).stages[Stage.TRAINING]
    assert stage.jobs == (JobUsage(STAMP, 12.0, 10.0, 10.0),)


def test_of_a_training_that_failed_only_wall_seconds_are_known_and_it_has_one_thread() -> None:
    stage = usage_of_rows([trained(12.0)]).stages[Stage.TRAINING]
    assert stage.jobs == (JobUsage(STAMP, 12.0, 0.0, 12.0),)


def test_a_profile_used_at_least_its_clean_calls_and_at_most_all_its_threads() -> None:
    stage = usage_of_rows([profiled(DETAILS, threads=2)]).stages[Stage.INFERENCE]
    assert stage.jobs == (JobUsage(STAMP, 40.0, 6.0, 80.0, None, "pi"),)


def test_a_sensor_gives_a_profile_its_idle_and_busy_power() -> None:
    stage = usage_of_rows([profiled(SEEN, ENERGY)]).stages[Stage.INFERENCE]
    assert stage.jobs[0].power_w == (2.0, 5.0)


def test_a_rejected_profile_used_energy_too() -> None:
    stage = usage_of_rows([profiled(SEEN, ENERGY, status=MeasurementStatus.REJECTED)]).stages[Stage.INFERENCE]
    assert len(stage.jobs) == 1


def test_jobs_without_seconds_are_counted_and_not_summed() -> None:
    usage = usage_of_rows([trained(0.0), profiled({}, status=MeasurementStatus.FAILED), profiled(DETAILS)])
    assert (usage.stages[Stage.TRAINING].untimed, usage.stages[Stage.INFERENCE].untimed) == (1, 1)
    assert (len(usage.stages[Stage.TRAINING].jobs), len(usage.stages[Stage.INFERENCE].jobs)) == (0, 1)


def test_what_another_campaign_paid_for_and_what_was_simulated_used_nothing_here() -> None:
    rows = [
        profiled(DETAILS, reused=True),
        trained(9.0, {"train_core_s": 9.0}, reused=True),
        profiled(DETAILS, device="s"),
    ]
    usage = usage_of_rows(rows, simulated={"s"})
    assert (usage.reused, usage.simulated) == (2, 1)
    assert not any(stage.jobs or stage.untimed for stage in usage.stages.values())


def test_the_ledger_knows_what_a_campaign_used_and_the_memory_of_its_machines(bench) -> None:
    bench.run(effort={"seed_candidates": 3, "learn_profiles": 0, "search_rounds": 0, "verify_limit": 1})
    with bench.ledger() as ledger:
        ledger.put_device(DeviceInfo("local", "0123456789abcdef", "ready", {"memory_bytes": 8_000_000_000}))
        usage = usage_of(ledger, ledger.campaign("invented"))
    trainings, profiles = usage.stages[Stage.TRAINING], usage.stages[Stage.INFERENCE]
    assert trainings.wall_s == len(trainings.jobs) > 0  # the invented trainer says one second each
    assert profiles.untimed > 0  # and the invented device none
    assert usage.memory_bytes == {"0123456789abcdef": 8e9, None: 8e9}


def test_the_search_accounts_for_its_own_seconds(bench) -> None:
    bench.run()
    with bench.ledger() as ledger:
        record = ledger.campaign("invented")
        steps = len(list(ledger.steps(record.id)))
        search = usage_of(ledger, record).stages[Stage.SEARCH]
    assert len(search.jobs) == steps
    assert all(job.wall_s > 0 and job.least_core_s == job.most_core_s > 0 for job in search.jobs)
