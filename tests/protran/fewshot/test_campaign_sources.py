"""Campaigns that start from other devices of the ledger."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from invented_dispatcher import IDENTITY, InventedDispatcher

import protran
import protran.api
from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.workload import Workload
from protran.campaign.campaign import Campaign
from protran.campaign.charter import CHARTER_VERSION, WITHOUT_SOURCES, read_charter, write_charter
from protran.campaign.events import Note
from protran.campaign.problem import Device, Problem
from protran.campaign.replay import replay
from protran.config import config_from_arguments
from protran.errors import CampaignError
from protran.fewshot import campaign_sources
from protran.fewshot.campaign_sources import MOST_SOURCE_ROWS, choose_sources, source_notes, with_sources
from protran.ledger.ledger import Ledger
from search_spaces.cost import count_candidate
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

SPACE = load_space("edge-small")
EFFORT = {
    "seed_candidates": 10,
    "learn_profiles": 2,
    "learn_batch": 2,
    "target_error": 1e-6,
    "search_rounds": 0,
    "search_batch": 1,
    "verify_limit": 1,
    "verify_seeds": 1,
}


def charter_of(**fields: Any) -> dict[str, Any]:
    given = {"name": "new", "space": "edge-small", "task": "watch", "effort": EFFORT, "reuse": "all", **fields}
    return write_charter(config_from_arguments(given), [Device("local", IDENTITY)])


@pytest.fixture(scope="module")
def charter() -> dict[str, Any]:
    return charter_of()


@pytest.fixture(scope="module")
def problem(charter) -> Problem:
    return read_charter(charter)


@pytest.fixture
def measured(ledger: Ledger, problem: Problem) -> Callable[..., None]:
    """Records a device that is so many times slower than the invented one, with 2 % noise; wild ones are wrong."""

    def record(name: str, rows: int = 40, factor: float = 3.0, wild: bool = False, first: int = 0, **how: Any) -> None:
        ledger.put_device(DeviceInfo(name, f"identity of {name}", "ready", {}))
        generator = np.random.default_rng(len(name))
        for candidate in sample(SPACE, first + rows, SamplingMethod.SOBOL, 7)[first:]:
            cost = count_candidate(candidate, problem.input_spec)
            noise = float(np.exp(generator.normal(0.0, 2.0 if wild else 0.02)))
            latency_s = factor * (1e-4 * float(cost.depth) + 1e-10 * float(cost.macs)) * noise
            workload = how.get("workload", problem.workload)
            request = ProfileRequest(candidate, problem.input_spec, workload, f"identity of {name}")
            values = {how.get("quantity", "latency_s"): Value(latency_s, 0.02 * latency_s, Provenance.SIMULATED)}
            answer = Measurement(request.request_id, request.device_identity, MeasurementStatus.OK, values)
            ledger.record_measurement(request, answer)

    return record


def test_a_new_campaign_names_the_rows_of_every_other_device(ledger, problem, measured) -> None:
    measured("board")
    measured("phone", rows=12)
    sources, left_out = choose_sources(ledger, problem)
    assert [(entry["name"], entry["identity"], len(entry["rows"])) for entry in sources] == [
        ("board", "identity of board", 40),
        ("phone", "identity of phone", 12),
    ]
    assert left_out == []
    assert all(ledger.measurement(request_id) is not None for entry in sources for request_id in entry["rows"])
    assert json.loads(json.dumps(sources)) == sources
    assert sources[0]["workload"] == problem.workload.to_json()


@pytest.mark.parametrize("reuse", ["none", "device"])
def test_a_campaign_that_may_not_reuse_everything_starts_from_nothing(ledger, measured, reuse) -> None:
    measured("board")
    own = read_charter(charter_of(reuse=reuse))
    assert choose_sources(ledger, own) == ([], [])
    assert with_sources(own, charter_of(reuse=reuse), ledger).sources == ()


def test_the_campaigns_own_devices_are_no_sources(ledger, measured, problem) -> None:
    measured("board")
    own = dataclasses.replace(problem, devices=(Device("board", "identity of board"),))
    assert choose_sources(ledger, own) == ([], [])


def test_devices_with_few_values_are_left_out_with_the_reason(ledger, measured, problem) -> None:
    measured("board", rows=7)
    measured("meter", quantity="energy_j")
    sources, left_out = choose_sources(ledger, problem)
    assert sources == []
    assert {entry["name"]: entry["reason"] for entry in left_out} == {
        "board": "it has 7 values of latency_s (at least 8 are needed)",
        "meter": "it has 0 values of latency_s (at least 8 are needed)",
    }


def test_of_many_devices_those_with_most_rows_are_sources(ledger, measured, problem, monkeypatch) -> None:
    monkeypatch.setattr(campaign_sources, "MOST_SOURCES", 1)
    measured("a", rows=10)
    measured("b", rows=20)
    sources, left_out = choose_sources(ledger, problem)
    assert [entry["name"] for entry in sources] == ["b"]
    assert [(entry["name"], entry["reason"]) for entry in left_out] == [("a", "1 others have more measurements")]


def test_a_campaign_without_objectives_on_hardware_has_no_sources(ledger, measured) -> None:
    measured("board")
    assert choose_sources(ledger, read_charter(charter_of(objectives="error,parameters"))) == ([], [])


def test_rows_that_come_later_change_nothing(ledger, charter, problem, measured) -> None:
    measured("board", rows=12)
    begun = {**charter, "sources": choose_sources(ledger, problem)[0]}
    before = with_sources(problem, begun, ledger).sources
    measured("board", rows=30, first=12)
    measured("later")
    assert with_sources(problem, begun, ledger).sources == before
    assert len(before) == 1
    assert len(before[0].candidates) == 12
    assert all(value > 0.0 for value in before[0].values["latency_s"])
    assert before[0].variances["latency_s"][0] == pytest.approx((0.02 * before[0].values["latency_s"][0]) ** 2)


def test_rows_behind_the_first_ones_of_a_long_history_are_found(
    ledger, charter, problem, measured, monkeypatch
) -> None:
    measured("board", rows=12)
    begun = {**charter, "sources": choose_sources(ledger, problem)[0]}
    monkeypatch.setattr(campaign_sources, "MOST_ROWS", 5)
    assert len(with_sources(problem, begun, ledger).sources[0].candidates) == 12


def test_at_most_so_many_rows_of_a_device_are_named(ledger, problem, measured, monkeypatch) -> None:
    assert MOST_SOURCE_ROWS == 400
    monkeypatch.setattr(campaign_sources, "MOST_SOURCE_ROWS", 9)
    measured("board", rows=12)
    assert len(choose_sources(ledger, problem)[0][0]["rows"]) == 9


def test_a_ledger_that_has_lost_the_rows_is_refused(ledger, charter, problem, measured) -> None:
    measured("board", rows=12)
    sources = choose_sources(ledger, problem)[0]
    begun = {**charter, "sources": [{**sources[0], "rows": [*sources[0]["rows"], "another"]}]}
    with pytest.raises(CampaignError, match="13 measurements of board, of which the ledger does not hold 1 any more"):
        with_sources(problem, begun, ledger)


def test_measurements_under_other_conditions_are_a_source_too(ledger, charter, problem, measured) -> None:
    workload = Workload(problem.workload.kind, 8)
    measured("server", workload=workload)
    sources = choose_sources(ledger, problem)[0]
    assert sources[0]["workload"] == workload.to_json()
    (rows,) = with_sources(problem, {**charter, "sources": sources}, ledger).sources
    assert not any(math.isnan(value) for value in rows.values["latency_s"])


def test_a_charter_of_the_version_before_has_no_sources(ledger, charter, measured) -> None:
    measured("board")
    older = {name: item for name, item in charter.items() if not name.startswith("sources")}
    older["version"] = WITHOUT_SOURCES
    assert charter["version"] == CHARTER_VERSION
    assert with_sources(read_charter(older), older, ledger).sources == ()
    assert source_notes(older) == []


@pytest.mark.parametrize("version", [2, 5])
def test_a_charter_of_any_other_version_is_refused(charter, version) -> None:
    with pytest.raises(CampaignError, match=f"of version {version}, this program knows 4"):
        read_charter({**charter, "version": version})


@pytest.fixture
def inventing(monkeypatch) -> None:
    monkeypatch.setattr(protran.api, "open_dispatcher", lambda *_, **__: InventedDispatcher())
    monkeypatch.setattr(protran.api, "identity_of", lambda name: IDENTITY)


def _start(ledger: Ledger, **fields: Any) -> tuple[list[str], list[list[str]], Any]:
    """Returns the notes of a campaign, its proposals, and what the ledger says of its steps."""
    notes: list[str] = []
    given = {"name": "new", "space": "edge-small", "task": "watch", "effort": EFFORT, "reuse": "all", **fields}
    protran.start_campaign(
        **given,
        runs=ledger.place.folder,
        observer=lambda event: notes.append(event.text) if isinstance(event, Note) else None,
    )
    steps = ledger.steps(ledger.campaign(given["name"]).id)
    return notes, [[candidate.key for candidate in step.proposals] for step in steps], steps


def test_a_campaign_starts_from_other_devices_and_says_which_it_leaves_out(ledger, measured, inventing) -> None:
    measured("board")
    measured("broken", wild=True)
    measured("tiny", rows=3)
    notes, _, steps = _start(ledger)
    assert notes[:3] == [
        "may start from board: 40 measurements",
        "may start from broken: 40 measurements",
        "cannot start from tiny: it has 3 values of latency_s (at least 8 are needed)",
    ]
    assert notes[3].startswith("latency_s: starts from board, which count ")
    assert notes[4].startswith("latency_s: leaves broken out: contaminated: ")
    assert len(notes) == 5  # said once
    assert [list(step.info.get("remarks", [])) for step in steps][1] == notes[3:]
    assert steps[1].info["notes"]["source_weight_latency_s"] > 0.5


def test_sources_make_the_predicted_error_smaller(ledger, measured, inventing) -> None:
    measured("board")
    _, _, alone = _start(ledger, name="alone", reuse="none")
    _, _, helped = _start(ledger, name="helped")
    error = "predicted_error_latency_s"
    assert helped[1].info["notes"][error] < alone[1].info["notes"][error]


def test_a_campaign_with_sources_is_replayed_alike_whatever_came_later(ledger, measured, inventing) -> None:
    measured("board")
    _start(ledger, effort={**EFFORT, "search_rounds": 1})
    measured("board", rows=40, first=40)
    measured("later", factor=0.5)
    record = ledger.campaign("new")
    problem = with_sources(read_charter(record.config), record.config, ledger)
    assert problem.sources
    steps = replay(problem, ledger, record.id)
    assert all(step.same for step in steps)
    assert [step.replayed.remarks for step in steps] == [step.recorded.remarks for step in steps]


def test_without_reuse_other_devices_change_no_proposal(ledger, measured, inventing) -> None:
    _, before, _ = _start(ledger, name="before", reuse="none")
    measured("board")
    notes, after, steps = _start(ledger, name="after", reuse="none")
    assert before == after
    assert notes == []
    assert all(set(step.info) & {"remarks", "repeats"} == set() for step in steps)


class _Killed(BaseException):
    """Stands for the end of the process."""


def test_a_campaign_that_is_killed_goes_on_with_the_rows_that_it_began_with(
    ledger, measured, charter, problem, inventing
) -> None:
    measured("board")
    whole = {**charter, "sources": choose_sources(ledger, problem)[0]}

    def run(name: str, dispatcher: InventedDispatcher) -> list[list[str]]:
        own = {**whole, "config": {**whole["config"], "name": name, "reuse": "none"}}
        known = {record.name: record for record in ledger.campaigns()}
        record = known.get(name) or ledger.create_campaign(name, own, 0)
        full = with_sources(read_charter(record.config), record.config, ledger)
        Campaign(full, record, ledger, dispatcher, lambda event: None, sleep=lambda seconds: None).run()
        return [[candidate.key for candidate in step.proposals] for step in ledger.steps(record.id)]

    def killing(job: Any, answered: int) -> str | None:
        if answered == 21:
            raise _Killed
        return None

    expected = run("whole", InventedDispatcher())
    with pytest.raises(_Killed):
        run("killed", InventedDispatcher(killing))
    measured("board", rows=40, first=40)
    assert run("killed", InventedDispatcher()) == expected
