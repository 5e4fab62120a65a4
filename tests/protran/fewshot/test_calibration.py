from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.inline import InlineDispatcher
from device_agents.isolation.limits import Limits
from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, ProfileRequest
from device_agents.simulated import SimulatedAgent
from device_agents.workload import Workload
from protran.campaign.attempts import ask_for_profiles
from protran.errors import InputError
from protran.fewshot.asking import Asking
from protran.fewshot.calibration import Calibration, Plan, calibrate
from protran.fewshot.history import Conditions
from protran.ledger.ledger import Ledger
from protran.ledger.records import RequestState
from search_spaces.presets import BERT_INPUT, GPT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace

DEVICE = "sim:a100"
WANTED = Conditions(BERT_INPUT, Workload())


class Board:
    """A simulated device that may lack sensors, fail some candidates, or be interrupted; counts what it is asked."""

    def __init__(self, *, lacks: tuple[str, ...] = (), fails: int = 0, interrupt_at: int | None = None) -> None:
        self._agent = SimulatedAgent(DEVICE)
        self._lacks, self._fails, self._interrupt_at = lacks, fails, interrupt_at
        self.asked: list[ProfileRequest] = []

    def profile(
        self, request: ProfileRequest, limits: Limits, *, energy: bool = True, keep_trace: bool = False
    ) -> Measurement:
        if len(self.asked) == self._interrupt_at:
            raise KeyboardInterrupt
        self.asked.append(request)
        if len(self.asked) <= self._fails:
            failed = MeasurementStatus.FAILED
            return Measurement(request.request_id, request.device_identity, failed, reason="out of memory")
        found = self._agent.profile(request, limits)
        values = {**found.values, **dict.fromkeys(self._lacks, UNAVAILABLE)}
        return Measurement(request.request_id, request.device_identity, MeasurementStatus.OK, values)

    def info(self) -> DeviceInfo:
        return self._agent.info()

    def close(self) -> None:
        pass

    @property
    def asking(self) -> Callable[..., Asking]:
        return partial(Asking, opening=lambda name, ledger: InlineDispatcher({name: self}))


ALONE = ("energy_j", "peak_power_w")
"""What a board lacks of which the latency alone matters: each measure costs a second."""


@pytest.fixture
def plan(space: DesignSpace) -> Plan:
    return Plan(DEVICE, space, WANTED, probes=6)


def measure(found: Calibration, name: str = "latency_s") -> dict[str, Any]:
    return next(item for item in found.to_json()["measures"] if item["name"] == name)


def test_without_any_row_nothing_is_known_before_and_an_error_after(ledger: Ledger, plan: Plan) -> None:
    found = calibrate(ledger, plan, asking=Board().asking)
    told = measure(found)
    assert told["before"] == {"basis": "nothing", "on_probes": None, "over_space": None, "on_checks": None}
    assert (told["status"], told["after"]["basis"], told["sources"]) == ("calibrated", "rows", [])
    assert 0.0 < told["after"]["leave_one_out"]["median"] < 1.0
    assert told["after"]["leave_one_out"]["count"] == 6
    assert 0.0 < told["after"]["over_space"]["median"] < 1.0
    assert measure(found, "memory_bytes") == {"name": "memory_bytes", "status": "counted"}
    json.dumps(found.to_json(), allow_nan=False)


def test_sources_give_an_order_before_and_a_smaller_error_after(
    ledger: Ledger, plan: Plan, imported: Callable[..., None]
) -> None:
    imported("slow", 1000.0)
    told = measure(calibrate(ledger, plan, asking=Board(lacks=ALONE).asking))
    before, after = told["before"], told["after"]
    assert (before["basis"], before["over_space"]) == ("sources", None)
    assert before["rank_correlation"] > 0.5
    assert before["on_probes"]["median"] > 10 * after["leave_one_out"]["median"]
    (source,) = told["sources"]
    assert (source["source"], source["used"], source["dropped"]) == ("slow", True, None)
    assert source["weight"] > 0.05
    assert after["basis"] == "sources and rows"


def test_progress_is_told_probe_by_probe_and_fit_by_fit(
    ledger: Ledger, plan: Plan, imported: Callable[..., None]
) -> None:
    imported("slow")
    told: list[tuple[str, int, int]] = []
    calibrate(ledger, plan, lambda *step: told.append(step), asking=Board(lacks=ALONE).asking)
    assert told == [*(("probes", done, 6) for done in range(1, 7)), ("fits", 0, 2), ("fits", 1, 2)]


def test_a_contaminated_source_is_named_with_the_reason_and_not_used(
    ledger: Ledger, plan: Plan, imported: Callable[..., None]
) -> None:
    imported("wild", wild=True)
    told = measure(calibrate(ledger, plan, asking=Board(lacks=ALONE).asking))
    (source,) = told["sources"]
    assert (source["used"], source["weight"]) == (False, None)
    assert source["dropped"].startswith("contaminated")
    assert told["before"]["basis"] == "nothing"


def test_a_measure_without_a_sensor_is_unavailable_and_never_a_number(ledger: Ledger, plan: Plan) -> None:
    found = calibrate(ledger, plan, asking=Board(lacks=ALONE).asking)
    told = measure(found, "energy_j")
    assert (told["status"], told["probes"], told["provenance"]) == ("unavailable", 0, None)
    nothing = {"basis": "nothing", "over_space": None, "on_checks": None}
    assert told["before"] == {**nothing, "on_probes": None}
    assert told["after"] == {**nothing, "leave_one_out": None}
    assert "no sensor" in told["reason"]


def test_after_an_interrupt_it_ends_as_if_there_had_been_none(
    ledger: Ledger, plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(KeyboardInterrupt):
        calibrate(ledger, plan, asking=Board(lacks=ALONE, interrupt_at=2).asking)
    board = Board(lacks=ALONE)
    resumed = calibrate(ledger, plan, asking=board.asking)
    assert len(board.asked) == 4
    assert resumed.to_json()["probes"]["known_before"] == 2
    with Ledger.open(tmp_path_factory.mktemp("other") / "ledger.sqlite") as other:
        whole = calibrate(other, plan, asking=Board(lacks=ALONE).asking)
    assert resumed.measures == whole.measures


def test_what_failed_is_named_and_the_rest_counts(ledger: Ledger, plan: Plan) -> None:
    found = calibrate(ledger, plan, asking=Board(lacks=ALONE, fails=2).asking)
    probes = found.to_json()["probes"]
    assert (probes["chosen"], probes["measured"]) == (6, 4)
    assert [row["reason"] for row in probes["rows"] if row["status"] == "failed"] == ["out of memory"] * 2
    assert measure(found)["after"]["leave_one_out"]["count"] == 4


def test_of_one_probe_nothing_is_said(ledger: Ledger, plan: Plan) -> None:
    told = measure(calibrate(ledger, plan, asking=Board(fails=5).asking))
    assert (told["status"], told["probes"]) == ("too few probes", 1)
    assert told["after"] == {"basis": "nothing", "leave_one_out": None, "over_space": None, "on_checks": None}


def test_where_every_probe_failed_no_measure_was_measured(ledger: Ledger, plan: Plan) -> None:
    found = calibrate(ledger, plan, asking=Board(fails=6).asking)
    assert {item["status"] for item in found.to_json()["measures"]} == {"not measured", "counted"}


def test_checks_judge_and_nothing_is_learned_from_them(
    ledger: Ledger, space: DesignSpace, plan: Plan, imported: Callable[..., None]
) -> None:
    imported("slow", 1000.0)
    checked = calibrate(ledger, Plan(DEVICE, space, WANTED, probes=6, checks=5), asking=Board(lacks=ALONE).asking)
    told = measure(checked)
    assert told["after"]["on_checks"]["count"] == told["before"]["on_checks"]["count"] == 5
    assert told["before"]["on_checks"]["median"] > 10 * told["after"]["on_checks"]["median"]
    probes = {answer.request.candidate.key for answer in checked.answers}
    assert not probes & {answer.request.candidate.key for answer in checked.checks}
    assert checked.to_json()["checks"]["measured"] == 5
    again = measure(calibrate(ledger, Plan(DEVICE, space, WANTED, probes=6, checks=5)))
    assert again == told
    without = measure(calibrate(ledger, plan))  # now they are rows like others
    assert without["before"]["basis"] == "sources and rows"


def test_many_probes_are_left_out_in_parts(ledger: Ledger, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    from protran.fewshot import belief

    sizes: list[int] = []
    fitted = belief._fitted

    def counting(devices: Any, rows: Any) -> Any:
        sizes.append(len(rows[0]))
        return fitted(devices, rows)

    monkeypatch.setattr(belief, "_fitted", counting)
    monkeypatch.setattr(belief, "MOST_PARTS", 2)
    told = measure(calibrate(ledger, plan, asking=Board(lacks=ALONE).asking))
    assert sizes == [6, 3, 3]
    assert told["after"]["leave_one_out"]["count"] == 6


def test_more_probes_measure_only_those_that_are_new_and_start_from_those_that_are_known(
    ledger: Ledger, space: DesignSpace, plan: Plan
) -> None:
    calibrate(ledger, plan, asking=Board(lacks=ALONE).asking)
    board = Board(lacks=ALONE)
    more = calibrate(ledger, Plan(DEVICE, space, WANTED, probes=8), asking=board.asking)
    assert len(board.asked) == 2
    assert measure(more)["before"]["basis"] == "nothing"  # the known ones are probes of this plan too
    other = measure(calibrate(ledger, Plan(DEVICE, space, WANTED, probes=4, seed=1), asking=Board(lacks=ALONE).asking))
    assert other["before"]["basis"] == "rows"
    assert other["before"]["over_space"]["median"] < 1.0
    assert other["after"]["leave_one_out"]["count"] == 4


def test_a_campaign_that_reuses_gets_the_probes_that_are_its_own_candidates(ledger: Ledger, space: DesignSpace) -> None:
    calibrate(ledger, Plan(DEVICE, space, WANTED, probes=5, seed=3, pool=16), asking=Board(lacks=ALONE).asking)
    campaign = ledger.create_campaign("later", {}, 3)
    begun_with = sample(space, 16, SamplingMethod.SOBOL, 3)
    identity = SimulatedAgent(DEVICE).identity
    requests = [ProfileRequest(candidate, BERT_INPUT, Workload(), identity) for candidate in begun_with]
    ask_for_profiles(ledger, campaign.id, requests, reuse=True)
    assert len(ledger.rows(campaign.id)) == 5
    assert len(ledger.pending_profiles(campaign.id)) == 11
    longer = [ProfileRequest(item, BERT_INPUT, Workload(batch_size=2), identity) for item in begun_with]
    states = [ledger.request_profile(campaign.id, request, reuse=True).state for request in longer]
    assert set(states) == {RequestState.PENDING}


def test_what_cannot_be_is_refused_before_anything_is_asked(space: DesignSpace) -> None:
    with pytest.raises(InputError, match="device 'nano' is not known"):
        Plan("nano", space, WANTED).check()
    with pytest.raises(ValueError, match="input spec of kind tokens or windows"):
        Plan(DEVICE, space, Conditions(GPT_INPUT, Workload())).check()
    with pytest.raises(InputError, match="expected 2 to 16 probes"):
        Plan(DEVICE, space, WANTED, probes=20, pool=16).check()


def test_a_device_that_answers_nothing_is_an_error(ledger: Ledger, plan: Plan) -> None:
    def nobody(name: str, ledger: Ledger) -> Any:
        raise DeviceError("the controller does not run")

    with pytest.raises(DeviceError, match="the controller does not run"):
        calibrate(ledger, plan, asking=partial(Asking, opening=nobody))
