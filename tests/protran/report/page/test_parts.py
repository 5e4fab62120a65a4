"""The parts of the document that need no campaign: drawing, columns, curves, quality, power."""

from __future__ import annotations

import dataclasses
from typing import Any

from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, Provenance, Value
from protran.fidelity import Fidelity
from protran.front import FrontCandidate
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.records import CampaignRow
from protran.objectives import objectives_for
from protran.report.page.drawing import candidate_document
from protran.report.page.learning import MOST_CURVES, learning_curves
from protran.report.page.power import MOST_SAMPLES, power_traces, why_no_power
from protran.report.page.quality import FLAG_WORDS, quality_of
from protran.report.page.schema import HEAD_WORDS, words
from protran.report.page.view_table import columns_for
from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime

LAYER = Layer(16, (HEAD_KINDS[0],) * 4, (32, 64))
PLAIN = Candidate(Architecture((LAYER,)))
LOW = Fidelity(8)


def measurement(status: str = "ok", **fields: Any) -> Measurement:
    return Measurement("request", "id", MeasurementStatus(status), **fields)


def row(number: int = 0, **fields: Any) -> CampaignRow:
    return CampaignRow(number, PLAIN, **fields)


def evaluation(seed: int = 0, **fields: Any) -> Evaluation:
    history = [{"epoch": 1, "train_loss": 1.0, "validation_loss": 0.5, "validation_accuracy": 0.75}]
    given = {"details": {"history": history, "best_epoch": 1}, **fields}
    return Evaluation(f"key{seed}", PLAIN.architecture, "watch", LOW, seed, EvaluationStatus.OK, **given)


def test_every_kind_of_head_and_every_flag_has_words() -> None:
    from device_agents.flags import Flag

    assert set(HEAD_WORDS) == set(HeadKind)
    assert set(FLAG_WORDS) == {flag.value for flag in Flag}
    assert [item["kind"] for item in words()["heads"]] == [kind.value for kind in HEAD_KINDS]


def test_a_drawing_says_heads_by_kind_and_stacks() -> None:
    found = candidate_document(PLAIN, PLAIN.key, origin="seed", scored_as=PLAIN.key, failure=None)
    assert found["layers"] == [{"hidden": 16, "heads": [["sa_sdp", 4]], "width": 4, "feed_forward": [32, 64]}]
    assert not {"left", "failure", "scored_as", "fp32_layers"} & set(found)
    assert Candidate.from_json(found["genes"]) == PLAIN


def test_a_pruned_candidate_is_drawn_with_what_is_left_of_it() -> None:
    deployment = Deployment(
        Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME, layers=(LayerDeployment(0.5, 0.25, keep_fp32=True),)
    )
    found = candidate_document(
        Candidate(PLAIN.architecture, deployment), "key", origin="", scored_as="other", failure="why"
    )
    assert found["left"][0]["heads"] == [["sa_sdp", 2]]
    assert found["left"][0]["feed_forward"] == [24, 48]
    assert (found["fp32_layers"], found["scored_as"], found["failure"]) == ([0], "other", "why")


def test_a_column_says_its_one_provenance_or_that_of_each_value() -> None:
    sampled = Value(2.0, 0.1, Provenance.MEASURED_SAMPLED)
    members = [
        FrontCandidate(PLAIN, {"error": Value(0.1, 0.01, Provenance.SCORED), "energy_j": sampled}),
        FrontCandidate(PLAIN, {"error": Value(0.2, None, Provenance.SCORED), "energy_j": UNAVAILABLE}),
        FrontCandidate(PLAIN, {"energy_j": Value(3.0, 0.1, Provenance.ESTIMATED_GENERIC)}),
    ]
    error, energy = columns_for(members, objectives_for(["error"], ["local"]), {"energy_j": "local"})
    assert (error["provenance"], error["values"], error["stderrs"]) == ("scored", [0.1, 0.2, None], [0.01, None, None])
    assert error["objective"] and error["selectable"] and error["scale"] == {"factor": 0.01, "symbol": "%"}
    assert energy["provenance"] is None
    assert energy["provenances"] == ["measured-sampled", None, "estimated-generic"]
    assert (energy["unit"], energy["device"], energy["known"], energy["objective"]) == ("J", "local", 2, False)


def test_own_errors_stand_beside_where_a_member_has_one() -> None:
    value = Value(0.1, 0.05, Provenance.SCORED)
    members = [FrontCandidate(PLAIN, {"error": value}, {"error": 0.01}), FrontCandidate(PLAIN, {"error": value})]
    (column,) = columns_for(members, objectives_for(["error"], ["local"]), {})
    assert (column["stderrs"], column["own_stderrs"]) == ([0.05, 0.05], [0.01, 0.05])
    (column,) = columns_for(members[1:], objectives_for(["error"], ["local"]), {})
    assert "own_stderrs" not in column


def test_a_value_that_nobody_has_is_a_column_only_where_it_is_an_objective() -> None:
    members = [FrontCandidate(PLAIN, {"energy_j": UNAVAILABLE, "peak_power_w": UNAVAILABLE})]
    (column,) = columns_for(members, objectives_for(["energy"], ["local"]), {})
    assert (column["name"], column["known"], column["values"]) == ("energy_j", 0, [None])


def test_what_is_only_reported_cannot_be_chosen_by() -> None:
    members = [FrontCandidate(PLAIN, {"test_error": Value(0.1, 0.01, Provenance.SCORED)})]
    columns = columns_for(members, objectives_for(["error"], ["local"]), {})
    assert [column["selectable"] for column in columns] == [True, False]


def test_curves_of_the_named_candidates_are_kept_first_and_all_are_counted() -> None:
    other = Architecture((Layer(8, (HEAD_KINDS[0],), (8,)),))
    others = [dataclasses.replace(evaluation(seed), architecture=other) for seed in range(400)]
    found = learning_curves([*others, evaluation()], {LOW: "short"}, {PLAIN.key})
    assert (found["of"], len(found["curves"])) == (401, MOST_CURVES)
    assert found["curves"][0] == {
        "key": PLAIN.key, "kind": "short", "seed": 0, "best_epoch": 1, "train_s": 0.0,
        "train_loss": [1.0], "validation_loss": [0.5], "validation_error": [0.25],
    }  # fmt: skip


def test_a_training_without_a_history_has_no_curve() -> None:
    assert learning_curves([evaluation(details={})], {}, ()) == {"of": 0, "curves": []}


def test_a_refit_has_no_validation_error_in_its_curve() -> None:
    history = [{"epoch": 1, "train_loss": 1.0, "validation_loss": None, "validation_accuracy": None}]
    (curve,) = learning_curves([evaluation(details={"history": history})], {}, ())["curves"]
    assert curve["validation_error"] == [None]


def test_quality_counts_what_became_of_measurements_and_says_reasons() -> None:
    good = {"latency_s": Value(1.0, 0.1, Provenance.SIMULATED), "energy_j": UNAVAILABLE}
    rows = [
        row(0, measurement=measurement(values=good, details={"clean_share": 0.5}, meter="rapl")),
        row(1, measurement=measurement("rejected", flags=("drifted",), reason="it drifted"), reused=True),
        row(2, measurement=measurement("failed", reason="out of memory")),
        row(3, evaluation=Evaluation("k", PLAIN.architecture, "watch", LOW, 0, EvaluationStatus.FAILED, reason="nan")),
    ]
    found = quality_of(rows, {"id": "local", "unused": "other"})
    device = found["devices"][0]
    assert [device[name] for name in ("name", "measurements", "ok", "rejected", "failed", "reused")] == [
        "local", 3, 1, 1, 1, 1,
    ]  # fmt: skip
    assert (device["flags"], device["clean_share"], device["meter"]) == ({"drifted": 1}, 0.5, "rapl")
    assert device["provenances"][1] == {"quantity": "energy_j", "counts": {"unavailable": 1}}
    assert found["devices"][1]["measurements"] == 0
    assert [item["reason"] for item in found["remarkable"]] == ["it drifted", "out of memory", "nan"]
    assert found["trainings"] == {"evaluations": 1, "ok": 0, "failed": 1, "reused": 0}


def test_a_power_trace_is_thinned_and_keeps_its_phases() -> None:
    trace = tuple((0.001 * place, 5.0) for place in range(5000))
    told = measurement(
        power_trace=trace,
        power_phases=(("busy", 0.0, 5.0),),
        meter="invented sensor",
        values={"peak_power_w": Value(5.0, 0.1, Provenance.MEASURED_SAMPLED)},
    )
    (found,) = power_traces([row(measurement=told), row(1, measurement=measurement())], {"id": "pi"})
    assert len(found["time_s"]) == len(found["power_w"]) == MOST_SAMPLES
    assert found["samples_taken"] == 5000
    assert found["title"] == f"{PLAIN.key[:8]} on pi"
    assert found["phases"] == [{"name": "busy", "start_s": 0.0, "end_s": 5.0}]


def test_why_there_is_no_power_depends_on_the_devices() -> None:
    simulated = {"simulated": True, "facts": {}}
    blind = {"simulated": False, "facts": {"meter": "none"}}
    seeing = {"simulated": False, "facts": {"meter": "rapl"}}
    assert "simulated" in why_no_power([simulated])
    assert "No device" in why_no_power([simulated, blind])
    assert "--power-trace" in why_no_power([blind, seeing])
