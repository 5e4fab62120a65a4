"""What docs/models-study.md says of its command, its columns and its numbers holds; its commands are read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from protran.cli import study_models
from protran.cli.main import main
from protran.studies.models.contestants import Contestant
from protran.studies.models.forms import CALIBRATION_DOCUMENTS, FORMS
from protran.studies.models.plan import SMALL_PARAMETERS, SMALL_REPEATS, ModelsPlan
from protran.studies.models.recipe import PRETRAINED_RATE, SCRATCH_RATE, FineTuning
from protran.studies.models.report import StudyReport
from protran.studies.models.scoring import RESAMPLES
from protran.studies.models.vocabulary import LEARNED_WORDS
from protran.studies.table import StudyTable
from protran.studies.texts import Documents, TextData
from search_spaces.presets import preset

TEXT = (Path(__file__).parents[1] / "docs" / "models-study.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(protran study .*)$", TEXT, flags=re.MULTILINE)
ONE = Documents(("a",), ((0,),))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_begins_a_study(command, tmp_path, monkeypatch, capsys):
    asked = []

    def run(plan, texts, source, folder, grid, *, estimate):
        asked.append((plan, source, folder))
        table = StudyTable("study", ("model", "form"), (), ())
        return StudyReport(table, table, (), None)

    def find(names, places, own, *, length):
        assert set(places) <= set(names)
        return tuple(Contestant(name, preset("bert-tiny")[0].architecture) for name in names)

    monkeypatch.setattr(study_models, "_run", run)
    monkeypatch.setattr("protran.studies.text_data.load_texts", lambda *asked: TextData(ONE, ONE, ONE, ("x",), 3))
    monkeypatch.setattr("protran.studies.models.contestants.find_contestants", find)
    monkeypatch.chdir(tmp_path)
    Path("small.json").write_text('{"layers": [{"hidden": 8, "heads": ["sa_sdp"], "feed_forward": [8]}]}')
    assert (main(shlex.split(command)[1:]), capsys.readouterr().err) == (0, "")
    assert len(asked) == 1
    assert asked[0][2].parent == Path("runs/studies")


def test_there_is_a_command_for_everything():
    assert len(COMMANDS) >= 8


def test_the_page_names_every_form():
    assert all(f"`{form.name}`" in TEXT for form in FORMS)


def test_numbers_of_the_page_are_those_of_the_code():
    usual = FineTuning(1, 1.0)
    assert (usual.batch_size, usual.dropout, usual.gradient_clip, usual.warm_up) == (16, 0.1, 1.0, 0.1)
    assert (ModelsPlan.epochs, ModelsPlan.scratch_epochs) == (3, 10)
    assert f"peak rate {PRETRAINED_RATE:g}" in " ".join(TEXT.split())
    assert f"peak rate {SCRATCH_RATE:g}" in " ".join(TEXT.split())
    assert f"{LEARNED_WORDS:,} commonest" in TEXT
    assert f"from {CALIBRATION_DOCUMENTS} training documents" in TEXT
    assert f"{RESAMPLES} resamples" in TEXT
    assert (SMALL_REPEATS, SMALL_PARAMETERS) == (3, 5_000_000)
