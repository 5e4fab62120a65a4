"""What docs/compression-study.md says of its command, its variants and its recipes holds; its commands are read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from protran.cli.main import main
from protran.studies.compression.models import STUDENTS
from protran.studies.compression.recipes import EPOCHS, RECIPE_NAMES, STUDY_RECIPE
from protran.studies.compression.request import StudyResult
from protran.studies.compression.sensitivity import FP32_SHARE, GENTLE, HARSH, SHARE
from protran.studies.compression.timing import LOOP_WINDOWS
from protran.studies.compression.variant import Variant
from protran.studies.table import StudyTable
from protran.training.compress import FINE_TUNING_EPOCHS, FINE_TUNING_RATE

TEXT = (Path(__file__).parents[1] / "docs" / "compression-study.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(protran study .*)$", TEXT, flags=re.MULTILINE)
MODEL = '{"layers": [{"hidden": 8, "heads": ["sa_sdp"], "feed_forward": [8]}]}'


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_begins_a_study(command, tmp_path, monkeypatch, capsys):
    asked = []

    def study(request, observer):
        asked.append(request)
        return StudyResult(StudyTable("study", ("model",), (), ()), None, (), ())

    monkeypatch.setattr("protran.studies.compression.study.prepare", lambda request: None)
    monkeypatch.setattr("protran.studies.compression.study.compression_study", study)
    monkeypatch.chdir(tmp_path)
    Path("windows.csv").write_text("x,activity,subject\n1,walk,a\n", encoding="utf-8")
    Path("my-model.json").write_text(MODEL, encoding="utf-8")
    Path("UniMiB-SHAR").mkdir()
    assert (main(shlex.split(command)[1:]), capsys.readouterr().err) == (0, "")
    assert len(asked) == 1


def test_there_is_a_command_for_everything():
    assert len(COMMANDS) >= 5


def test_the_page_has_a_line_for_every_variant_and_every_recipe():
    rows = re.findall(r"^\| (`[^|]+) \|", TEXT, flags=re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(named) == sorted([*(variant.value for variant in Variant), *RECIPE_NAMES])


def test_numbers_of_the_page_are_those_of_the_code():
    assert f"constant rate {STUDY_RECIPE.learning_rate:g})" in TEXT
    assert f"batches of {STUDY_RECIPE.batch_size}, `--epochs` ({EPOCHS})" in TEXT
    assert (SHARE, HARSH, GENTLE, FP32_SHARE, FINE_TUNING_EPOCHS) == (0.5, 0.75, 0.25, 0.25, 0.25)
    assert f"at {FINE_TUNING_RATE:g} of the learning rate" in TEXT
    assert f"a plain loop over {LOOP_WINDOWS} windows" in TEXT
    assert all(f"`{name}`" in TEXT for name in STUDENTS)
