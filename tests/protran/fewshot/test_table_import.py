from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from device_agents.device import DeviceInfo
from device_agents.fleet.folder import FOLDER_VARIABLE, REGISTRY
from device_agents.fleet.registry import Enrolled, Registry
from device_agents.measurement import Provenance
from device_agents.workload import Workload
from protran.errors import InputError
from protran.fewshot.imported_table import TableImport
from protran.fewshot.table_import import import_table
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Candidate
from search_spaces.presets import BERT_INPUT
from search_spaces.space import DesignSpace

WriteTable = Callable[..., Path]


@pytest.fixture
def asked(space: DesignSpace) -> Callable[..., TableImport]:
    def make(path: Path, device: str = "board", batch_size: int = 1, *, per_sequence: bool = False) -> TableImport:
        return TableImport(path, device, space, BERT_INPUT, Workload(batch_size=batch_size), per_sequence)

    return make


Asked = Callable[..., TableImport]


def test_every_row_is_a_measurement_with_the_provenance_imported(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    path = write_table(candidates[:3], latency_s=[0.1, 0.2, 0.3], energy_j=[1, 2, 3])
    imported = import_table(ledger, asked(path))
    assert (imported.rows, imported.added, imported.values) == (3, 3, {"latency_s": 3, "energy_j": 3})
    rows = ledger.measured_rows(10)["imported:board"]
    found = {row.request.candidate.key: row.measurement.values for row in rows}
    assert [found[candidate.key]["latency_s"].value for candidate in candidates[:3]] == [0.1, 0.2, 0.3]
    provenances = {value.provenance for values in found.values() for value in values.values()}
    assert provenances == {Provenance.IMPORTED}
    assert all(row.current for row in rows)


def test_spread_and_repeats_become_standard_errors(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    columns = {"latency_s": [0.1, 0.2], "latency_s_std": [0.02, ""], "latency_repeats": [4, 4]}
    import_table(ledger, asked(write_table(candidates[:2], **columns)))
    rows = {row.request.candidate.key: row for row in ledger.measured_rows(10)["imported:board"]}
    assert rows[candidates[0].key].measurement.values["latency_s"].stderr == pytest.approx(0.01)
    assert rows[candidates[1].key].measurement.values["latency_s"].stderr is None


def test_values_of_one_sequence_become_those_of_a_call(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    columns = {"latency_s": [0.1], "latency_s_std": [0.01], "latency_repeats": [1], "peak_power_w": [5]}
    import_table(ledger, asked(write_table(candidates[:1], **columns), batch_size=8, per_sequence=True))
    (row,) = ledger.measured_rows(10)["imported:board"]
    assert row.request.workload == Workload(batch_size=8)
    values = row.measurement.values
    assert values["latency_s"].value == pytest.approx(0.8)
    assert values["latency_s"].stderr == pytest.approx(0.08)
    assert values["peak_power_w"].value == 5


def test_an_empty_cell_is_unavailable_and_an_empty_row_is_skipped(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    path = write_table(candidates[:3], latency_s=[0.1, 0.2, ""], energy_j=["", 2, ""])
    imported = import_table(ledger, asked(path))
    assert (imported.rows, imported.skipped, imported.values) == (2, 1, {"latency_s": 2, "energy_j": 1})
    values = [row.measurement.values["energy_j"] for row in ledger.measured_rows(10)["imported:board"]]
    assert sorted(value.provenance.value for value in values) == ["imported", "unavailable"]


def test_rows_of_one_candidate_are_repeats(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    import_table(ledger, asked(write_table([candidates[0]] * 3, latency_s=[0.1, 0.2, 0.3])))
    rows = ledger.measured_rows(10)["imported:board"]
    assert sorted(row.request.repeat for row in rows) == [0, 1, 2]


def test_the_device_says_where_it_comes_from(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    path = write_table(candidates[:2], latency_s=[0.1, 0.2])
    import_table(ledger, asked(path))
    (device,) = ledger.devices()
    origin = device.facts["imported"]
    assert (device.name, device.identity, origin["file"]) == ("board", "imported:board", "board.csv.gz")
    assert origin["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert origin["space"] == "flexibert-v2"


def test_the_same_table_again_adds_nothing_whatever_its_name(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    path = write_table(candidates[:2], latency_s=[0.1, 0.2])
    first = import_table(ledger, asked(path))
    again = import_table(ledger, asked(path.rename(path.with_name("other.csv.gz"))))
    assert (first.added, again.added, again.rows) == (2, 0, 2)
    assert again.origin["file"] == "board.csv.gz"
    assert len(ledger.measured_rows(10)["imported:board"]) == 2


def test_another_table_or_other_conditions_under_the_same_name_are_refused(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    path = write_table(candidates[:2], latency_s=[0.1, 0.2])
    import_table(ledger, asked(path))
    with pytest.raises(InputError, match=r"'board' was imported from board.csv.gz with workload \{\}, now it is"):
        import_table(ledger, asked(path, batch_size=2))
    other = write_table(candidates[:2], "other.csv.gz", latency_s=[0.1, 0.3])
    with pytest.raises(InputError, match=r"with sha256 .*choose another --device"):
        import_table(ledger, asked(other))


def test_an_interrupt_leaves_nothing(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    def interrupt(stage: str, done: int, total: int | None) -> None:
        if stage == "recording":
            raise KeyboardInterrupt

    path = write_table(candidates[:2], latency_s=[0.1, 0.2])
    with pytest.raises(KeyboardInterrupt):
        import_table(ledger, asked(path), interrupt)
    assert (ledger.measured_rows(10), ledger.devices()) == ({}, ())
    assert import_table(ledger, asked(path)).added == 2


def test_progress_is_told_stage_by_stage(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    told: list[tuple[str, int, int | None]] = []
    path = write_table(candidates[:2], latency_s=[0.1, 0.2])
    import_table(ledger, asked(path), lambda *step: told.append(step))
    assert told == [("reading", 0, None), ("checking", 1, 2), ("checking", 2, 2), ("recording", 2, 2)]


@pytest.mark.parametrize("name", ["local", "sim:rpi4", "pi", "-x", "a/b"])
def test_a_name_that_is_not_free_for_a_table_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    candidates: list[Candidate],
    write_table: WriteTable,
    asked: Asked,
    name: str,
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    Registry(tmp_path / REGISTRY).put(Enrolled("pi", "identity", "10.0.0.2", admitted=True))
    with pytest.raises(InputError, match=r"expected a name of its own|a device's name must be"):
        asked(write_table(candidates[:1], latency_s=[0.1]), name).check()


def test_a_name_that_the_ledger_has_measured_on_is_refused(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked
) -> None:
    ledger.put_device(DeviceInfo("board", "identity", "ready"))
    with pytest.raises(InputError, match="'board', which this ledger has measurements of"):
        import_table(ledger, asked(write_table(candidates[:1], latency_s=[0.1])))


def test_a_table_without_values_or_an_absent_one_is_refused(
    ledger: Ledger, candidates: list[Candidate], write_table: WriteTable, asked: Asked, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="expected rows with a value of latency_s, got none"):
        import_table(ledger, asked(write_table(candidates[:1], latency_s=[""])))
    with pytest.raises(InputError, match="expected a table of measurements, got no such file"):
        import_table(ledger, asked(tmp_path / "absent.csv"))
    assert ledger.devices() == ()
