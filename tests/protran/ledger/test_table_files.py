from __future__ import annotations

import csv
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, ProfileRequest
from protran.errors import InputError, LedgerError
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from protran.ledger.table_files import TableFormat, write_tables

TABLES = ("campaign_rows", "campaigns", "candidates", "evaluations", "measurements")
HOSTILE = ('=HYPERLINK("http://x")', "+1", "-2", "@x", "\t=1", "\r=1")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger.sqlite")


@pytest.fixture
def filled(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: Callable[..., ProfileRequest],
    measured: Callable[..., Measurement],
) -> Ledger:
    ledger.put_device(DeviceInfo("=device", "device-1", "ready"))
    for number, size in enumerate((16, 32, 64)):
        ledger.request_profile(campaign.id, request_for(size))
        ledger.answer_profile(campaign.id, measured(request_for(size).request_id, 1e-3 / 3 * (number + 1)))
    return ledger


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_holds_every_number_exactly(filled: Ledger, tmp_path: Path) -> None:
    done = write_tables(filled, tmp_path / "out", TableFormat.CSV)
    assert done.rows == {"campaigns": 1, "candidates": 3, "campaign_rows": 3, "measurements": 3, "evaluations": 0}
    assert sorted(path.stem for path in done.folder.iterdir()) == list(TABLES)
    latencies = [float(row["latency_s"]) for row in rows_of(tmp_path / "out" / "measurements.csv")]
    assert sorted(latencies) == [1e-3 / 3 * number for number in (1, 2, 3)]


def test_parquet_holds_the_same_with_types(filled: Ledger, tmp_path: Path) -> None:
    from pyarrow import parquet

    done = write_tables(filled, tmp_path / "out", TableFormat.PARQUET)
    assert done.to_json()["rows"]["measurements"] == 3
    table = parquet.read_table(tmp_path / "out" / "measurements.parquet")
    assert sorted(table["latency_s"].to_pylist()) == [1e-3 / 3 * number for number in (1, 2, 3)]
    assert (str(table.schema.field("latency_s").type), str(table.schema.field("repeat").type)) == ("double", "int64")
    assert set(table["device"].to_pylist()) == {"=device"}
    nothing = parquet.read_table(tmp_path / "out" / "evaluations.parquet")
    assert (nothing.num_rows, "training_key" in nothing.column_names) == (0, True)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_is_a_formula_to_a_spreadsheet(ledger: Ledger, tmp_path: Path, name: str) -> None:
    ledger.create_campaign(name, {}, seed=0)
    write_tables(ledger, tmp_path / "out", TableFormat.CSV)
    (row,) = rows_of(tmp_path / "out" / "campaigns.csv")
    assert row["campaign"] == f"'{name}"


def test_a_negative_number_stays_a_number(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: Callable[..., ProfileRequest],
    measured: Callable[..., Measurement],
    tmp_path: Path,
) -> None:
    ledger.request_profile(campaign.id, request_for(16))
    answer = measured(request_for(16).request_id)
    value = dataclasses.replace(answer.values["latency_s"], value=-0.5)
    ledger.answer_profile(campaign.id, dataclasses.replace(answer, values={"latency_s": value}))
    write_tables(ledger, tmp_path / "out", TableFormat.CSV)
    assert rows_of(tmp_path / "out" / "measurements.csv")[0]["latency_s"] == "-0.5"


@pytest.mark.parametrize("form", list(TableFormat))
def test_texts_that_no_file_can_hold_become_escapes(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: Callable[..., ProfileRequest],
    failed: Callable[[str], Measurement],
    tmp_path: Path,
    form: TableFormat,
) -> None:
    ledger.request_profile(campaign.id, request_for(16))
    answer = dataclasses.replace(failed(request_for(16).request_id), reason='a\x00b\ud800c\n"é😀",')
    ledger.answer_profile(campaign.id, answer)
    write_tables(ledger, tmp_path / "out", form)
    if form is TableFormat.CSV:
        assert rows_of(tmp_path / "out" / "measurements.csv")[0]["reason"] == 'a\\x00b\\ud800c\n"é😀",'
    else:
        from pyarrow import parquet

        table = parquet.read_table(tmp_path / "out" / "measurements.parquet")
        assert table["reason"].to_pylist() == ['a\x00b\\ud800c\n"é😀",']


def test_an_interrupt_leaves_nothing(filled: Ledger, tmp_path: Path) -> None:
    def interrupt(table: str, done: int, total: int) -> None:
        if table == "measurements":
            raise KeyboardInterrupt

    before = set(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        write_tables(filled, tmp_path / "out", TableFormat.CSV, interrupt)
    assert set(tmp_path.iterdir()) == before


def test_a_folder_that_holds_something_is_refused_and_left_alone(filled: Ledger, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    for folder in (tmp_path / "out", tmp_path / "out" / "mine.txt"):
        with pytest.raises(InputError, match="expected a new folder for the tables"):
            write_tables(filled, folder, TableFormat.CSV)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(filled: Ledger, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_tables(filled, tmp_path / "out", TableFormat.CSV)
    assert len(list((tmp_path / "out").iterdir())) == len(TABLES)


def test_a_folder_that_cannot_be_made_is_one_sentence(filled: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot write the tables into"):
        write_tables(filled, tmp_path / "file" / "out", TableFormat.CSV)


def test_parquet_without_its_library_says_what_to_install(
    filled: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'protran\[parquet\]'"):
        write_tables(filled, tmp_path / "out", TableFormat.PARQUET)
    assert not (tmp_path / "out").exists()


def test_it_is_told_how_far_it_is(filled: Ledger, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_tables(filled, tmp_path / "out", TableFormat.CSV, lambda *event: told.append(event))
    assert ("measurements", 3, 3) in told
