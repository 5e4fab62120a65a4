"""`protran study models`, whole: on texts in a file, timed on a simulated device."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers", reason="tokenizers (the extra `text`) is not installed")

Run = Callable[..., Any]
LAYER = {"hidden": 8, "heads": ["sa_sdp"], "feed_forward": [16]}
WORDS = {"red": "crimson rose", "blue": "navy sky"}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments of a study of one tiny model that takes a second."""
    monkeypatch.setattr("protran.studies.models.contestants.PACKAGE", "no-such-package-anywhere")
    monkeypatch.setattr("protran.cli.monitor.local_meter", _no_meter)
    labels = ["red", "blue"]
    lines = [{"text": f"{WORDS[labels[row % 2]]} {row}", "labels": [labels[row % 2]]} for row in range(40)]
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    (tmp_path / "tiny.json").write_text(json.dumps({"architecture": {"layers": [LAYER]}}))
    return [
        "study", "models", "--data", str(tmp_path / "texts.jsonl"), "--models", str(tmp_path / "tiny.json"),
        "--length", "8", "--scratch-epochs", "1", "--repeats", "1", "--batches", "1,2", "--lengths", "4",
        "--forms", "fp32-torch", "--device", "sim:rpi4", "--threads", "1", "--out", str(tmp_path / "study"),
    ]  # fmt: skip


def _no_meter() -> Any:
    from device_agents.meters.none import NoMeter

    return NoMeter()


def test_a_study_is_one_json_object_and_files_in_its_folder(run: Run, study: list[str], tmp_path: Path) -> None:
    ran = run(*study, "--json", "--country", "DE", "--estimate-energy")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    (row,) = told["rows"]
    assert (row["model"], row["form"]) == ("tiny (from scratch)", "fp32 torch")
    assert row["figures"]["training_co2e_g"]["mean"] > 0
    assert told["recommendations"][0]["purpose"] == "most accurate"
    assert {path.name for path in (tmp_path / "study").iterdir()} >= {
        "table.md", "table.csv", "table.json", "picture.png", "sweep", "conditions.json", "weights",
    }  # fmt: skip


def test_the_same_command_again_says_the_same_and_does_nothing(run: Run, study: list[str]) -> None:
    first, second = run(*study), run(*study)
    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out
    assert "tiny (from scratch), fp32 torch: accuracy" in first.out
    assert "6/6" in first.err
    assert second.err == ""


def test_another_length_in_the_same_folder_is_refused(run: Run, study: list[str]) -> None:
    run(*study)
    study[study.index("--length") + 1] = "6"
    ran = run(*study)
    assert ran.code == 2
    assert "was begun with length '8', now it is '6'" in ran.err


def test_an_interrupt_says_that_nothing_is_lost(run: Run, study: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*asked: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("protran.studies.models.pieces.fine_tune", interrupt)
    ran = run(*study)
    assert ran.code == 130
    assert "the same command continues where it stopped" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--models", "bert-tny"), "no model 'bert-tny'"),
        (("--forms", "int4"), "expected forms among fp32-torch"),
        (("--batches", "one"), "--batches must be whole numbers"),
        (("--weights", "mine"), "--weights must be NAME=VALUE"),
        (("--country", "Atlantis"), "country must be a code"),
        (("--data", "no-such-data"), "expected texts from arxiv"),
        (("--data-option", "colour=red"), "got 'colour'"),
        (("--device", "sim:none"), "sim:none"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, study: list[str], options: tuple[str, ...], words: str) -> None:
    ran = run(*study, *options)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1


def test_without_installed_weights_the_usual_models_are_those_from_scratch(
    study: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from protran.cli.study_models import usual_models

    assert usual_models() == "bert-mini,bert-tiny"
    assert "no published weights are installed" in capsys.readouterr().err


def test_with_installed_weights_the_usual_models_hold_minilm(monkeypatch: pytest.MonkeyPatch) -> None:
    from protran.cli.study_models import usual_models

    monkeypatch.setattr("protran.studies.models.contestants.packaged_weights", lambda: "weights")
    assert usual_models() == "minilm-6,minilm-6:3,bert-mini,bert-tiny"


def test_the_help_names_what_is_there(run: Run) -> None:
    ran = run("study", "models", "--help")
    assert ran.code == 0
    assert "--scratch-epochs" in ran.out
