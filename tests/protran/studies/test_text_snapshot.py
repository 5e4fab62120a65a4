import json
import os

import pytest

from protran.studies.text_snapshot import (
    DamagedSnapshotError,
    Entry,
    Snapshot,
    labelled_documents,
    read_snapshot,
    write_snapshot,
)
from protran.studies.texts import TextsError

SNAPSHOT = Snapshot(
    (Entry("a", "Ein Text\u2028 über\nZeilen", ("x", "y")), Entry("b", "zwei", ())), "From tests.", {"empty": 3}
)


def test_what_was_written_is_read(tmp_path):
    write_snapshot(tmp_path / "new" / "texts.jsonl", SNAPSHOT)
    assert read_snapshot(tmp_path / "new" / "texts.jsonl") == SNAPSHOT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["texts.jsonl"]


def test_nothing_written_is_nothing(tmp_path):
    assert read_snapshot(tmp_path / "texts.jsonl") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content + b"\n",
        lambda content: content.replace(b"zwei", b"drei"),
        lambda content: content.replace(b"protran-texts-1", b"protran-texts-0"),
        lambda content: b"[]\n" + content,
        lambda content: b"\xff" + content,
    ],
)
def test_a_damaged_file_is_told(tmp_path, damage):
    path = tmp_path / "texts.jsonl"
    write_snapshot(path, SNAPSHOT)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        DamagedSnapshotError, match=r"texts\.jsonl: expected converted texts .* damaged file; remove it"
    ):
        read_snapshot(path)


def test_rows_of_another_shape_are_damage(tmp_path):
    path = tmp_path / "texts.jsonl"
    write_snapshot(path, Snapshot((("only", "two"),), ""))
    with pytest.raises(DamagedSnapshotError):
        read_snapshot(path)


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "texts.jsonl"
    write_snapshot(path, SNAPSHOT)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(TextsError, match=r"cannot write .*No space left.*; set PROTRAN_CACHE to a folder"):
        write_snapshot(path, Snapshot((), "another"))
    assert read_snapshot(path) == SNAPSHOT
    assert [one.name for one in tmp_path.iterdir()] == ["texts.jsonl"]


def test_a_folder_in_place_of_the_file_is_one_sentence(tmp_path):
    with pytest.raises(TextsError, match=r"cannot read .*; check who may read it"):
        read_snapshot(tmp_path)


def test_the_header_says_where_the_texts_are_from(tmp_path):
    write_snapshot(tmp_path / "texts.jsonl", SNAPSHOT)
    header = json.loads((tmp_path / "texts.jsonl").read_text().splitlines()[0])
    assert (header["origin"], header["rows"], len(header["sha256"])) == ("From tests.", 2, 64)


def test_labels_are_ordered_by_their_documents_and_then_by_name():
    entries = tuple(Entry("", str(number), labels) for number, labels in enumerate([("b", "c"), ("c",), ("a",)]))
    assert Snapshot(entries, "").label_names() == ("c", "a", "b")


def test_documents_have_the_kept_labels_in_ascending_order():
    kept = labelled_documents(SNAPSHOT.entries, ("y", "x"))
    assert kept.labels == ((0, 1), ())
    assert labelled_documents(SNAPSHOT.entries, ("y",)).labels == ((0,), ())
