"""The tables, from rows of processes that only pretend."""

from __future__ import annotations

import pytest

from device_agents.meters.spec import MeterSpec
from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.studies.compression.figures import Carbon, entries
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.processes import Workers
from protran.studies.compression.run import Runner
from protran.studies.compression.summary import contention_remark, main_table
from protran.studies.table import StudyTable


@pytest.fixture
def table_of(plan: StudyPlan, pretended):
    def make(carbon: Carbon, process=None) -> StudyTable:
        rows = Runner(plan, 1, MeterSpec(), workers=lambda count: Workers([process or pretended()])).run()
        remarks = contention_remark(rows.timings)
        return main_table("small", entries(plan, rows, carbon), carbon, {}, remarks)

    return make


def test_a_row_has_the_figures_of_its_repeats(table_of) -> None:
    row = table_of(Carbon()).rows[0]
    assert row.names == ("tiny", "study", "fp32")
    assert row.figures["accuracy"].count == 2
    assert row.figures["train_s_per_epoch"].mean == 2.0
    assert row.figures["train_core_s_per_epoch"].mean == 1.5
    assert row.figures["latency_s"].count == 1
    assert row.figures["memory_bytes"].mean == 50.0
    assert row.figures["memory_estimate_bytes"] is None


def test_without_a_sensor_there_are_no_joules_and_no_grams(table_of) -> None:
    table = table_of(Carbon(Grid(own_intensity(300.0))))
    provenances = {column.name: column.provenance for column in table.columns}
    assert provenances["energy_j"] == provenances["co2e_g"] == "unavailable"
    assert all(row.figures["energy_j"] is None and row.figures["co2e_g"] is None for row in table.rows)
    assert any(remark.startswith("Energy is unavailable") for remark in table.remarks)


def test_an_estimate_is_a_range_and_is_called_one(table_of) -> None:
    table = table_of(Carbon(Grid(own_intensity(360.0)), estimate=True))
    figures = table.rows[0].figures
    assert figures["energy_low_j"].mean == pytest.approx(0.002 * 0.8)
    assert figures["energy_high_j"].mean == pytest.approx(0.002 * 23.8)
    assert figures["training_energy_low_j"].mean == pytest.approx(3.0 * 0.8)
    assert figures["co2e_low_g"].mean == pytest.approx(0.002 * 0.8 * 360 / 3.6e6)
    assert figures["training_co2e_high_g"].mean == pytest.approx(3.0 * 23.8 * 360 / 3.6e6)
    kinds = {column.provenance for column in table.columns if "low" in column.name or "high" in column.name}
    assert kinds == {"estimated-generic"}


def test_a_measured_energy_carries_its_sensor_and_its_grams(table_of, pretended) -> None:
    class Metered(pretended):
        @staticmethod
        def _time(payload):
            return {**pretended._time(payload), "energy_j": 0.5, "energy_provenance": "measured-sampled"}

    table = table_of(Carbon(Grid(own_intensity(360.0))), Metered())
    assert {c.provenance for c in table.columns if c.name in ("energy_j", "co2e_g")} == {"measured-sampled"}
    assert table.rows[0].figures["co2e_g"].mean == pytest.approx(0.5 * 360 / 3.6e6)


def test_reasons_of_missing_figures_are_told_once_with_their_number(table_of, pretended) -> None:
    failing = pretended(lambda payload: "no room" if payload["job"] == "score" else "")
    assert table_of(Carbon(), failing).rows[0].notes[0] == "2 repeats have no score: no room"


def test_contended_timings_are_counted_in_one_sentence(table_of, pretended) -> None:
    class Busy(pretended):
        @staticmethod
        def _time(payload):
            return {**pretended._time(payload), "flags": "contended few-samples"}

    (remark,) = (text for text in table_of(Carbon(), Busy()).remarks if text.startswith("Contended"))
    assert "during 11 of 11 timings" in remark
