"""Tables and picture of a study, from rows that are made by hand."""

import csv
import json

import pytest

from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.studies.models import report as module
from protran.studies.models.conditions import described_conditions, study_conditions
from protran.studies.models.energy import EnergyQuestion
from protran.studies.models.report import write_report


@pytest.fixture
def write(make_plan, make_entrants, make_rows, make_texts, tmp_path, monkeypatch):
    """Writes the report of a study of one model, and returns it."""

    def make(question=None, several=True, **changes):
        plan, texts = make_plan(), make_texts(several=several)
        entrants = make_entrants(plan, texts)
        monkeypatch.setattr(module, "read_rows", lambda folder: make_rows(plan, entrants, **changes))
        conditions = described_conditions(study_conditions(plan, texts, "/home/someone/mine.csv"), plan)
        return write_report(plan, entrants, texts, tmp_path / "out", question or EnergyQuestion(), conditions)

    return make


def test_a_row_for_each_form_and_the_three_recommendations_are_written(write, tmp_path):
    found = write()
    text = (tmp_path / "out" / "table.md").read_text()
    assert text.count("| small (from scratch) |") == 4
    for words in (
        "Most accurate: ",
        "Most efficient: ",
        "Best balance: ",
        "mine.csv",
        "Energy and CO2e are unavailable",
    ):
        assert words in text
    assert "/home/someone" not in text
    assert found.picture.read_bytes().startswith(b"\x89PNG")


def test_the_csv_holds_si_units(write, tmp_path):
    write()
    rows = list(csv.DictReader((tmp_path / "out" / "table.csv").read_text().splitlines()))
    assert (rows[0]["latency_s"], rows[2]["size_bytes"], rows[0]["training_co2e_g"]) == ("0.016", "1000", "")


def test_the_sweep_has_throughput_and_memory(write, tmp_path):
    write()
    rows = list(csv.DictReader((tmp_path / "out" / "sweep" / "table.csv").read_text().splitlines()))
    assert [(row["length"], row["batch"]) for row in rows[:3]] == [("16", "1"), ("16", "2"), ("8", "1")]
    assert float(rows[1]["documents_per_s"]) == pytest.approx(62.5)
    assert rows[1]["memory_bytes"] == "5000"


def test_an_estimate_says_its_watts_and_its_grid(write, tmp_path):
    write(EnergyQuestion(Grid(own_intensity(30.0), 1.2), estimate=True))
    text = (tmp_path / "out" / "table.md").read_text()
    assert "Energy is estimated from core-seconds at 0.8 to 23.8 W per core" in text
    assert "CO2e at 30 g/kWh (own value), PUE 1.2." in text
    assert "training CO2e estimated-generic" in text


def test_energy_without_a_grid_says_what_is_missing(write, tmp_path):
    write(EnergyQuestion(estimate=True))
    assert "CO2e is unavailable without a grid; --country names one." in (tmp_path / "out" / "table.md").read_text()


def test_columns_about_several_labels_are_left_out_where_a_document_has_one(write):
    several, one = write(), write(several=False)
    names = [{column.name for column in found.table.columns} for found in (several, one)]
    assert names[0] - names[1] == {
        "label_accuracy", "mean_average_precision", "chosen_macro_f1", "chosen_subset_accuracy",
    }  # fmt: skip
    assert any("Each document has one label" in remark for remark in one.table.remarks)


def test_everything_is_one_json_object(write):
    told = json.loads(json.dumps(write().to_json(), allow_nan=False))
    assert {"title", "columns", "rows", "conditions", "remarks", "sweep", "recommendations", "picture"} == set(told)
    assert told["conditions"]["models"] == ["small (from scratch)"]
    assert told["conditions"]["processor"]


def test_where_nothing_is_known_there_is_no_picture(write, monkeypatch):
    from protran.studies.models.logs import StudyRows

    monkeypatch.setattr(module, "form_figures", lambda *asked: ())
    assert write().picture is None
    assert StudyRows((), (), (), ()).timings == ()
