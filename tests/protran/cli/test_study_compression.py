from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protran.studies.compression.request import StudyRequest, StudyResult
from protran.studies.compression.variant import Variant
from protran.studies.intervals import Interval
from protran.studies.progress import StudyStep
from protran.studies.table import StudyColumn, StudyRow, StudyTable
from protran.units import Unit

Run = Callable[..., Any]
TABLE = StudyTable(
    "Compression on watch",
    ("model", "recipe", "variant"),
    (StudyColumn("accuracy", "accuracy (test)", Unit.FRACTION, "scored"),),
    (StudyRow(("t1", "study", "fp32"), {"accuracy": Interval(0.75, 0.01, 10)}),),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[StudyRequest]:
    """What the study was asked for; it answers at once."""
    requests: list[StudyRequest] = []

    def study(request, observer):
        requests.append(request)
        observer(StudyStep(1, 2, "training t1-study, repeat 1", 90.0))
        return StudyResult(TABLE, None, (), (request.folder / "table.md",))

    monkeypatch.setattr("protran.studies.compression.study.prepare", lambda request: None)
    monkeypatch.setattr("protran.studies.compression.study.compression_study", study)
    return requests


def test_by_default_it_is_the_whole_study_on_watch(run: Run, asked: list[StudyRequest]) -> None:
    ran = run("study", "compression")
    assert ran.code == 0
    (request,) = asked
    assert (request.task.name, request.repeats, request.epochs, request.timed_repeats) == ("watch", 10, 20, 3)
    assert list(request.architectures) == ["t1", "t2"]
    assert (request.recipes, request.variants) == (("study", "campaign"), None)
    assert request.folder == Path("runs/studies/compression-watch")
    assert request.front.campaign == "search"
    assert "effort quick" in request.front.said
    assert request.carbon.grid is None and not request.carbon.estimate


def test_the_table_is_on_standard_output_and_progress_with_time_left_on_standard_error(
    run: Run, asked: list[StudyRequest]
) -> None:
    ran = run("study", "compression", "--no-search")
    assert "| t1 | study | fp32 | 75.0 ± 1.0 |" in ran.out
    assert "1/2 training t1-study, repeat 1, 1:30 left" in ran.err


def test_the_json_is_one_object(run: Run, asked: list[StudyRequest]) -> None:
    ran = run("study", "compression", "--no-search", "--json")
    told = json.loads(ran.out)
    assert told["rows"][0]["figures"]["accuracy"] == {"mean": 0.75, "half_width": 0.01, "count": 10}
    assert (told["front"], told["comparisons"]) == (None, [])
    assert told["folder"] == "runs/studies/compression-watch"


def test_options_choose_models_variants_recipes_and_the_grid(run: Run, asked: list[StudyRequest], tmp_path) -> None:
    model = tmp_path / "My model.json"
    model.write_text('{"layers": [{"hidden": 8, "heads": ["sa_sdp"], "feed_forward": [8]}]}', encoding="utf-8")
    ran = run(
        "study", "compression", "--models", f"t1,{model}", "--variants", "fp32,mixed", "--recipes", "study",
        "--country", "DE", "--estimate-energy", "--seed", "4", "--jobs", "1", "--out", str(tmp_path), "--no-search",
    )  # fmt: skip
    assert (ran.code, ran.err.startswith("1/2")) == (0, True)
    (request,) = asked
    assert list(request.architectures) == ["t1", "my-model"]
    assert request.variants == {Variant.FP32, Variant.MIXED}
    assert (request.recipes, request.seed, request.jobs, request.folder) == (("study",), 4, 1, tmp_path)
    assert request.carbon.grid is not None and request.carbon.estimate
    assert request.front.campaign == ""


def test_a_named_campaign_is_searched_in_its_own_folder_and_not_run(run: Run, asked: list[StudyRequest]) -> None:
    run("study", "compression", "--front", "demo", "--runs", "elsewhere")
    source = asked[0].front
    assert (source.campaign, source.runs, source.search) == ("demo", Path("elsewhere"), None)


def test_a_search_of_its_own_is_a_campaign_with_deployments_in_the_studys_folder(
    run: Run, asked: list[StudyRequest], api: Any, tmp_path: Path
) -> None:
    run("study", "compression", "--out", str(tmp_path), "--effort", "demo", "--seed", "2")
    source = asked[0].front
    assert source.search is not None
    source.search()
    names = ("name", "space", "deploy", "objectives", "effort", "seed", "runs", "ledger")
    told = {name: api.asked[name] for name in names}
    assert told == {
        "name": "search",
        "space": "edge-small",
        "deploy": ["onnx", "int8"],
        "objectives": ["error", "latency", "memory"],
        "effort": "demo",
        "seed": 2,
        "runs": tmp_path / "search",
        "ledger": tmp_path / "search" / "ledger.sqlite",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--variants", "int4"), "--variants: expected some of fp32, onnx"),
        (("--variants", "as-found"), "--variants: expected some of fp32, onnx"),
        (("--recipes", "mine"), "--recipes: expected study or campaign, got 'mine'"),
        (("--models", "t1,,t2"), "--models: expected words parted by commas"),
        (("--models", "gpt2"), "expected encoders, got the decoder gpt2"),
        (("--models", "t3"), "model must be a JSON file or one of"),
        (("--front", "demo", "--effort", "quick"), "expected one of --front, --effort and --no-search"),
        (("--front", "demo", "--no-search"), "expected one of --front, --effort and --no-search"),
        (("--task", "nowhere.npz"), "there is no such file"),
        (("--pue", "1.2"), "--pue needs a grid"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_begun(
    run: Run, asked: list[StudyRequest], options: tuple[str, ...], message: str
) -> None:
    ran = run("study", "compression", *options)
    assert (ran.code, ran.out, asked) == (2, "", [])
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_an_interrupt_says_that_the_same_command_continues(
    run: Run, asked: list[StudyRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(request, observer):
        raise KeyboardInterrupt

    monkeypatch.setattr("protran.studies.compression.study.compression_study", interrupted)
    ran = run("study", "compression", "--no-search")
    assert ran.code == 130
    assert "the same command continues where it stopped" in ran.err
