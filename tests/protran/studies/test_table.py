"""The table of a study, in three forms."""

from __future__ import annotations

import csv
import io
import json

import pytest

from protran.studies.errors import StudyError
from protran.studies.intervals import Interval
from protran.studies.table import StudyColumn, StudyRow, StudyTable
from protran.units import Unit

TABLE = StudyTable(
    title="Compression on watch",
    keys=("model", "variant"),
    columns=(
        StudyColumn("accuracy", "accuracy", Unit.FRACTION, "scored"),
        StudyColumn("latency_s", "latency", Unit.SECOND, "measured-counter"),
        StudyColumn("energy_j", "energy", Unit.JOULE, "unavailable"),
    ),
    rows=(
        StudyRow(
            ("t1", "baseline"), {"accuracy": Interval(0.81234, 0.0123, 10), "latency_s": Interval(0.0021, None, 1)}
        ),
        StudyRow(("t1", "a|b"), {"accuracy": None}, ("no calibration data",)),
    ),
    conditions={"seeds": 10},
    remarks=("Energy: no sensor.",),
)


def test_markdown_has_units_intervals_and_remarks():
    text = TABLE.to_markdown()
    assert "| model | variant | accuracy [%] | latency [ms] | energy" in text
    assert "| t1 | baseline | 81.2 ± 1.2 | 2.1 | - |" in text
    assert "- Energy: no sensor.\n" in text
    assert "- t1, a|b: no calibration data" in text
    assert "latency measured-counter" in text


def test_a_bar_in_a_name_opens_no_column():
    assert "| t1 | a\\|b | - | - | - |" in TABLE.to_markdown()


def test_csv_is_in_units_of_the_si():
    rows = list(csv.DictReader(io.StringIO(TABLE.to_csv())))
    assert rows[0]["latency_s"] == "0.0021"
    assert rows[0]["latency_s_half_width"] == ""
    assert rows[0]["accuracy_half_width"] == "0.0123"
    assert rows[1]["accuracy"] == ""
    assert rows[1]["accuracy_count"] == "0"


def test_json_names_every_figure():
    content = json.loads(json.dumps(TABLE.to_json(), allow_nan=False))
    assert content["rows"][0]["figures"]["energy_j"] is None
    assert content["rows"][0]["model"] == "t1"
    assert content["columns"][1] == {
        "name": "latency_s", "label": "latency", "unit": "s", "provenance": "measured-counter"
    }  # fmt: skip


def test_all_three_are_written(tmp_path):
    paths = TABLE.write(tmp_path / "new")
    assert [path.name for path in paths] == ["table.md", "table.csv", "table.json"]
    assert paths[0].read_text() == TABLE.to_markdown()
    assert not list((tmp_path / "new").glob("*.partial"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot write into"):
        TABLE.write(tmp_path / "file")
