from __future__ import annotations

import pytest

from device_agents.fleet.base import ProfileJob
from protran.campaign import jobs as jobs_module
from protran.campaign.jobs import ENERGY_PROFILE_LIMITS, PROFILE_LIMITS, TRAINING_LIMITS, PendingJobs, device_of
from protran.campaign.phase import Phase
from protran.campaign.plan import Planner
from protran.campaign.work import profiles_of, trainings_of


def _pending(bench, ledger):
    problem, record = bench.begin(ledger)
    step = Planner(problem)._seed()
    assert step.phase is Phase.SEED
    for request in profiles_of(problem, step):
        ledger.request_profile(record.id, request)
    for training in trainings_of(problem, step):
        ledger.request_training(record.id, training.training_key, training.to_json())
    return problem, PendingJobs(problem, ledger, record.id).read()


@pytest.mark.parametrize(
    ("devices", "limits"), [(frozenset(), PROFILE_LIMITS), (frozenset({"local"}), ENERGY_PROFILE_LIMITS)]
)
def test_a_profile_has_the_time_that_its_energy_pass_takes(bench, monkeypatch, devices, limits) -> None:
    monkeypatch.setattr(jobs_module, "energy_devices", lambda config: devices)
    with bench.ledger() as ledger:
        _, jobs = _pending(bench, ledger)
    profiles = [job for job in jobs if isinstance(job, ProfileJob)]
    assert {(job.energy, job.limits) for job in profiles} == {(bool(devices), limits)}
    assert ENERGY_PROFILE_LIMITS.time_s > PROFILE_LIMITS.time_s


def test_a_campaign_asks_under_a_name_that_no_later_campaign_of_its_name_has(bench) -> None:
    with bench.ledger() as ledger:
        problem, jobs = _pending(bench, ledger)
        created_at = ledger.campaign(problem.config.name).created_at
    assert {job.asker for job in jobs if isinstance(job, ProfileJob)} == {f"{problem.config.name} {created_at}"}


def test_profiles_come_first_and_each_job_says_which_device_it_needs(bench) -> None:
    with bench.ledger() as ledger:
        problem, jobs = _pending(bench, ledger)
    profiles, trainings = jobs[:6], jobs[6:]
    assert {device_of(job) for job in profiles} == {problem.devices[0].identity}
    assert {device_of(job) for job in trainings} == {""}
    assert {job.limits for job in trainings} == {TRAINING_LIMITS}
