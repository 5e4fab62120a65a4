from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, ProfileRequest, Provenance, Value
from device_agents.workload import Workload
from protran.ledger import flat_tables
from protran.ledger.evaluation import Evaluation
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from search_spaces.candidate import Candidate

RequestFor = Callable[..., ProfileRequest]
Measured = Callable[..., Measurement]


def read(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    with ledger.flat_tables() as tables:
        found = {table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows()] for table in tables}
        assert {table.name: table.count for table in tables} == {name: len(rows) for name, rows in found.items()}
    return found


def test_an_empty_ledger_has_every_table_and_no_row(ledger: Ledger) -> None:
    names = ("campaigns", "candidates", "campaign_rows", "measurements", "evaluations")
    assert read(ledger) == {name: [] for name in names}


def test_each_value_has_its_error_and_provenance_beside_it(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = dataclasses.replace(request_for(16), workload=Workload(batch_size=8))
    energy = Value(2.5, None, Provenance.ESTIMATED_GENERIC)
    ledger.put_device(DeviceInfo("board", "device-1", "ready"))
    ledger.request_profile(campaign.id, request)
    answer = measured(request.request_id, 0.25)
    ledger.answer_profile(
        campaign.id, dataclasses.replace(answer, values={**answer.values, "energy_j": energy}, flags=("a", "b"))
    )
    (row,) = read(ledger)["measurements"]
    assert (row["latency_s"], row["latency_s_provenance"]) == (0.25, "measured-counter")
    assert row["latency_s_stderr"] == pytest.approx(0.25 / 7)
    assert [row[f"energy_j{part}"] for part in ("", "_stderr", "_provenance")] == [2.5, None, "estimated-generic"]
    assert (row["request_id"], row["candidate_key"]) == (request.request_id, request.candidate.key)
    assert (row["device"], row["device_identity"], row["repeat"], row["status"]) == ("board", "device-1", 0, "ok")
    assert (row["workload"], row["batch_size"], row["input"], row["length"]) == ("inference", 8, "windows", 150)
    assert (row["flags"], row["started_at"]) == ("a b", "2026-11-22T00:00:00+00:00")
    assert json.loads(row["blocks"]) == {"latency_ratio": [1.0, 1.0 / 3.0]}


def test_a_value_that_one_row_lacks_is_empty_there_and_so_is_all_of_a_failure(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: RequestFor,
    measured: Measured,
    failed: Callable[[str], Measurement],
) -> None:
    ids = [request_for(size).request_id for size in (16, 32)]
    for size in (16, 32):
        ledger.request_profile(campaign.id, request_for(size))
    ledger.answer_profile(campaign.id, measured(ids[0]))
    ledger.answer_profile(campaign.id, failed(ids[1]))
    rows = {row["request_id"]: row for row in read(ledger)["measurements"]}
    assert (rows[ids[0]]["reason"], rows[ids[0]]["latency_s"]) == ("", 0.1)
    bad = rows[ids[1]]
    assert (bad["status"], bad["reason"], bad["latency_s"], bad["latency_s_provenance"]) == (
        "failed",
        "it crashed",
        None,
        None,
    )


def test_evaluations_hold_scores_fidelity_and_seed(
    ledger: Ledger,
    campaign: CampaignRecord,
    candidate: Callable[[int], Candidate],
    evaluated: Callable[..., Evaluation],
) -> None:
    ledger.request_training(campaign.id, "training-1", candidate(16).to_json())
    ledger.answer_training(campaign.id, evaluated("training-1", accuracy=0.75))
    (row,) = read(ledger)["evaluations"]
    assert (row["training_key"], row["task"], row["status"], row["seed"]) == ("training-1", "watch", "ok", 1)
    assert (row["epochs_allowed"], row["share"], row["refit"], row["epochs"], row["train_s"]) == (3, 0.5, 0, 3, 1.5)
    assert (row["validation_accuracy"], row["validation_accuracy_stderr"]) == (0.75, 0.01)
    assert (row["test_accuracy_stderr"], row["test_accuracy_provenance"]) == (None, "scored")
    assert row["candidate_key"] == candidate(16).key


def test_candidates_are_json_that_gives_the_same_candidate(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor
) -> None:
    ledger.request_profile(campaign.id, request_for(16))
    (row,) = read(ledger)["candidates"]
    parts = {name: json.loads(row[name]) for name in ("architecture", "deployment")}
    assert Candidate.from_json(parts).key == row["candidate_key"]
    assert row["layers"] == 1


def test_it_is_told_which_campaign_saw_what_in_which_order(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    for size in (32, 16):
        ledger.request_profile(campaign.id, request_for(size))
        ledger.answer_profile(campaign.id, measured(request_for(size).request_id))
    other = ledger.create_campaign("other", {"space": {"name": "small"}, "task_name": "watch"}, seed=2**63 - 1)
    ledger.request_profile(other.id, request_for(16), reuse=True)
    tables = read(ledger)
    seen = [(row["campaign_id"], row["number"], row["request_id"], row["reused"]) for row in tables["campaign_rows"]]
    first, second = request_for(32).request_id, request_for(16).request_id
    assert seen == [(campaign.id, 0, first, 0), (campaign.id, 1, second, 0), (other.id, 0, second, 1)]
    assert [(row["campaign"], row["seed"], row["space"]) for row in tables["campaigns"]] == [
        ("demo", 3, None),
        ("other", 2**63 - 1, "small"),
    ]


def test_rows_are_read_some_at_a_time(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: RequestFor,
    measured: Measured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flat_tables, "CHUNK", 2)
    for size in range(16, 21):
        ledger.request_profile(campaign.id, request_for(size))
        ledger.answer_profile(campaign.id, measured(request_for(size).request_id))
    assert len(read(ledger)["measurements"]) == 5


def test_all_tables_are_of_one_moment(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    with ledger.flat_tables() as tables:
        ledger.request_profile(campaign.id, request_for(16))
        ledger.answer_profile(campaign.id, measured(request_for(16).request_id))
        assert [len(list(table.rows())) for table in tables if table.name != "campaigns"] == [0, 0, 0, 0]
