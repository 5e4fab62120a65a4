import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from protran.tasks.errors import TaskError
from protran.tasks.registry import builtin_tasks, load_task, task_from_reference
from protran.tasks.unimib_files import ACTIVITIES
from search_spaces.input_spec import InputKind

PERSONS, TRIALS = 6, 2


def labels():
    """Every person does every activity twice, two windows each."""
    rows = [
        (activity, person, trial)
        for person in range(1, PERSONS + 1)
        for activity in range(1, 10)
        for trial in range(1, TRIALS + 1)
        for _ in range(2)
    ]
    return np.array(rows, dtype=np.float64)


def signals(rows):
    """Sample s of axis a in row r is r + a / 4 + s / 1024, exact in float32."""
    one = np.concatenate([axis / 4 + np.arange(151) / 1024 for axis in range(3)])
    return np.arange(rows)[:, None] + one[None, :]


def names(order=ACTIVITIES):
    cell = np.empty((9, 2), dtype=object)
    for row, name in enumerate(order):
        cell[row, 0], cell[row, 1] = f"what is done in {name}", name
    return cell


@pytest.fixture
def folder(tmp_path):
    """Writes the three files, each replaced by what is given: a variable by name, bytes, or None for no file."""

    def write(place=tmp_path / "data", **changed):
        contents = {
            "adl_data": {"adl_data": signals(len(labels()))},
            "adl_labels": {"adl_labels": labels()},
            "adl_names": {"adl_names": names()},
        } | changed
        place.mkdir(parents=True, exist_ok=True)
        for stem, content in contents.items():
            if isinstance(content, bytes):
                (place / f"{stem}.mat").write_bytes(content)
            elif content is not None:
                savemat(place / f"{stem}.mat", content)
        return str(place)

    return write


def refusal(folder_path, **options):
    with pytest.raises(TaskError) as caught:
        load_task("unimib", {"folder": folder_path, **options}).load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def all_windows(data):
    return list(data.sets.values())


def test_the_task_is_listed_before_anyone_has_the_files():
    assert "unimib" in builtin_tasks()
    task = load_task("unimib")
    spec = task.input_spec
    assert (spec.kind, spec.channels, spec.length, spec.classes) == (InputKind.WINDOWS, 3, 151, 9)
    assert spec.sequence_length == 30
    assert task.classes == ACTIVITIES
    assert "the option folder" in task.obtaining


def test_without_a_folder_it_says_where_the_data_is_had():
    with pytest.raises(TaskError, match=r"only you can get: get UniMiB-SHAR\.zip .* with the option folder"):
        load_task("unimib").load()


def test_a_row_becomes_the_three_axes_of_one_window(folder):
    data = load_task("unimib", {"folder": folder()}).load()
    found = np.concatenate([windows.signals for windows in all_windows(data)])
    found = found[np.argsort(found[:, 0, 0])]
    assert found.dtype == np.float32
    assert found.shape == (len(labels()), 3, 151)
    assert np.array_equal(found, signals(len(labels())).reshape(-1, 3, 151).astype(np.float32))
    assert data.axes == ((0, 1, 2),)


def test_each_window_keeps_its_activity_person_and_recording(folder):
    data = load_task("unimib", {"folder": folder()}).load()
    rows = labels().astype(int)
    for windows in all_windows(data):
        for signal, label, person in zip(windows.signals, windows.labels, windows.persons, strict=True):
            assert (label + 1, person) == tuple(rows[int(signal[0, 0])][:2])
    recordings = np.concatenate([windows.recordings for windows in all_windows(data)])
    assert np.bincount(recordings).tolist() == [2] * (PERSONS * 9 * TRIALS)


def test_sets_share_no_person_where_nothing_else_is_asked_for(folder):
    data = load_task("unimib", {"folder": folder()}).load()
    persons = [set(windows.persons.tolist()) for windows in all_windows(data)]
    assert all(persons)
    assert sum(map(len, persons)) == len(set.union(*persons)) == PERSONS
    assert not any("random" in note for note in data.notes)


def test_a_random_split_mixes_persons_and_says_that_it_leaks(folder):
    data = load_task("unimib", {"folder": folder(), "split": "random"}).load()
    assert all(set(windows.labels.tolist()) == set(range(9)) for windows in all_windows(data))
    assert set(data.train.persons.tolist()) & set(data.test.persons.tolist())
    assert any("too good" in note for note in data.notes)


@pytest.mark.parametrize("split", ["person", "random"])
def test_equal_seeds_split_alike_and_others_otherwise(folder, split):
    place = folder()

    def test_rows(seed):
        data = load_task("unimib", {"folder": place, "split": split, "split_seed": seed}).load()
        return data.test.signals[:, 0, 0].tolist()

    assert test_rows(1) == test_rows(1)
    assert len({tuple(test_rows(seed)) for seed in range(4)}) > 1


def test_fractions_can_be_chosen(folder):
    options = {"folder": folder(), "split": "random", "validation_fraction": 0.25, "test_fraction": 0.5}
    data = load_task("unimib", options).load()
    assert [len(windows) for windows in all_windows(data)] == [54, 54, 108]


def test_the_folder_above_the_data_will_do(folder, tmp_path):
    folder(tmp_path / "UniMiB-SHAR" / "data")
    above = load_task("unimib", {"folder": str(tmp_path / "UniMiB-SHAR")})
    assert above.version == load_task("unimib", {"folder": str(tmp_path / "UniMiB-SHAR" / "data")}).version


def test_the_version_follows_content_and_split_but_not_the_place(folder, tmp_path):
    here = load_task("unimib", {"folder": folder()}).version
    assert load_task("unimib", {"folder": folder(tmp_path / "elsewhere")}).version == here
    assert load_task("unimib", {"folder": folder(), "split": "random"}).version != here
    assert load_task("unimib", {"folder": folder(), "split_seed": 1}).version != here
    other = folder(tmp_path / "other", adl_data={"adl_data": signals(len(labels())) + 1})
    assert load_task("unimib", {"folder": other}).version != here


def test_a_reference_finds_the_data_from_another_working_folder(folder, tmp_path, monkeypatch):
    place = Path(folder())
    monkeypatch.chdir(place.parent)
    reference = load_task("unimib", {"folder": place.name, "split": "random"}).reference()
    monkeypatch.chdir(os.sep)
    assert task_from_reference(reference).reference() == reference


def test_a_campaign_begun_beside_the_folder_finds_the_data_from_elsewhere(folder, monkeypatch):
    from protran.campaign.charter import read_charter, write_charter
    from protran.campaign.problem import Device
    from protran.config import config_from_arguments

    place = Path(folder())
    monkeypatch.chdir(place.parent)
    task = {"source": "unimib", "options": {"folder": place.name}}
    config = config_from_arguments({"name": "activities", "space": "edge-small", "task": task})
    problem = read_charter(write_charter(config, [Device("local", "0123456789abcdef")]))
    monkeypatch.chdir(os.sep)
    assert problem.input_spec.classes == 9
    assert sum(map(len, task_from_reference(problem.task).load().sets.values())) == len(labels())


def test_a_reference_to_files_that_changed_is_refused(folder):
    reference = load_task("unimib", {"folder": folder()}).reference()
    folder(adl_data={"adl_data": signals(len(labels())) * 2})
    with pytest.raises(TaskError, match="the data has changed since"):
        task_from_reference(reference)


def test_the_check_counts_windows_persons_and_recordings(folder):
    found = load_task("unimib", {"folder": folder()}).check().to_json()
    assert sum(sum(counts.values()) for counts in found["windows"].values()) == len(labels())
    assert sum(found["persons"].values()) == PERSONS
    assert sum(found["recordings"].values()) == PERSONS * 9 * TRIALS


def test_files_of_another_size_than_the_published_ones_are_noted(folder):
    data = load_task("unimib", {"folder": folder()}).load()
    assert any(f"{len(labels())} windows, the published ones 7579" in note for note in data.notes)


def test_whole_numbers_of_any_type_are_labels(folder):
    place = folder(adl_labels={"adl_labels": labels().astype(np.uint8)})
    assert load_task("unimib", {"folder": place}).version


def test_the_file_of_names_may_be_missing(folder):
    data = load_task("unimib", {"folder": folder(adl_names=None)}).load()
    assert not any("names" in note for note in data.notes)


@pytest.mark.parametrize("shape", [names().T, names()[:, 1:], np.array(ACTIVITIES), names().ravel()])
def test_names_are_found_in_every_shape(folder, shape):
    data = load_task("unimib", {"folder": folder(adl_names={"adl_names": shape})}).load()
    assert not any("names" in note for note in data.notes)


def test_names_in_another_order_are_refused(folder):
    order = (ACTIVITIES[1], ACTIVITIES[0], *ACTIVITIES[2:])
    sentence = refusal(folder(adl_names={"adl_names": names(order)}))
    assert "expected activity 1 to be StandingUpFS, as published, got StandingUpFL" in sentence


def test_names_that_are_not_the_published_ones_are_noted(folder):
    place = folder(adl_names={"adl_names": names([f"activity {number}" for number in range(9)])})
    assert any("could not be checked" in note for note in load_task("unimib", {"folder": place}).load().notes)


@pytest.mark.parametrize("missing", ["adl_data", "adl_labels"])
def test_a_missing_file_is_named_with_how_to_get_it(folder, missing):
    sentence = refusal(folder(**{missing: None}))
    assert f"{missing}.mat: there is no such file; get UniMiB-SHAR.zip" in sentence


def test_an_empty_folder_and_no_folder_are_told_apart(tmp_path):
    assert "got no such file; get" in refusal(str(tmp_path))
    assert "got no such folder; get" in refusal(str(tmp_path / "absent"))


@pytest.mark.parametrize("key", ["adl_data", "adl_labels", "adl_names"])
def test_a_missing_variable_is_named(folder, key):
    sentence = refusal(folder(**{key: {"other": np.zeros((2, 2))}}))
    assert f"{key}.mat: the variable '{key}' is missing; found other" in sentence


def changed_label(column, value):
    rows = labels()
    rows[4, column] = value
    return rows


def data_with(value):
    rows = signals(len(labels()))
    rows[7, 200] = value
    return rows


@pytest.mark.parametrize(
    ("key", "matrix", "sentence"),
    [
        ("adl_data", signals(216)[:, :452], "adl_data must have the shape (windows, 453), got (216, 452)"),
        (
            "adl_data",
            signals(216).reshape(-1, 3, 151),
            "adl_data must have the shape (windows, 453), got (216, 3, 151)",
        ),
        ("adl_data", np.zeros((0, 453)), "adl_data must have the shape (windows, 453), got (0, 453)"),
        ("adl_data", signals(216) + 1j, "adl_data must hold real numbers, got complex ones"),
        ("adl_data", signals(215), "adl_labels must have one row a window, 215 as in adl_data, got 216"),
        ("adl_data", data_with(np.nan), "got NaN or infinity in 1 of 216 rows (first: row 8)"),
        ("adl_data", data_with(1e300), "got NaN or infinity in 1 of 216 rows (first: row 8)"),
        ("adl_labels", labels()[:, :2], "adl_labels must have the shape (windows, 3), got (216, 2)"),
        ("adl_labels", changed_label(0, 10), "must be an activity from 1 to 9, got 10 in row 5"),
        ("adl_labels", changed_label(0, 0), "must be an activity from 1 to 9, got 0 in row 5"),
        ("adl_labels", changed_label(0, 1.5), "must be an activity from 1 to 9, got 1.5 in row 5"),
        ("adl_labels", changed_label(1, np.nan), "must be the number of a person, at least 1, got nan in row 5"),
        ("adl_labels", changed_label(2, 0), "must be the number of a trial, at least 1, got 0 in row 5"),
        ("adl_labels", np.where(labels() == 4, 5, labels()), "all 9 activities, got none of Running (4)"),
        ("adl_labels", np.full((216, 3), "a", dtype=object), "adl_labels must hold real numbers, got MATLAB's class 1"),
    ],
)
def test_a_damaged_matrix_is_one_sentence_that_names_the_file(folder, key, matrix, sentence):
    message = refusal(folder(**{key: {key: matrix}}))
    assert sentence in message
    assert message.split(":")[0].endswith(".mat")


@pytest.mark.parametrize("content", [b"", b"no MATLAB file " * 20, bytes(300), b"PK\x03\x04" + bytes(200)])
def test_a_file_that_is_no_mat_is_one_sentence(folder, content):
    assert "adl_data.mat: cannot be read as a MATLAB file" in refusal(folder(adl_data=content))


@pytest.mark.parametrize(
    "content",
    [b"\x89HDF\r\n\x1a\n" + bytes(200), b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400)],
)
def test_a_file_of_version_7_3_says_how_to_save_it(folder, content):
    assert "got version 7.3 (HDF5); save it again with -v7" in refusal(folder(adl_labels=content))


def test_two_persons_cannot_be_split_by_person(folder):
    few = labels()[labels()[:, 1] <= 2]
    place = folder(adl_data={"adl_data": signals(len(few))}, adl_labels={"adl_labels": few})
    assert "at least 3 persons" in refusal(place)
    assert "got 2; take the option split=random" in refusal(place)
    assert load_task("unimib", {"folder": place, "split": "random"}).load().test.signals.size


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"fold": "."}, "unknown task option 'fold'; known are folder, split"),
        ({"split": "trial"}, "split must be person or random, got 'trial'"),
        ({"folder": 5}, "folder must be the path of a folder, as text, got 5"),
        ({"folder": ""}, "folder must be the path of a folder, as text, got ''"),
        ({"split_seed": -1}, "split_seed must be a whole number"),
        ({"test_fraction": 1.5}, "test fraction must be"),
    ],
)
def test_a_bad_option_is_one_sentence(options, sentence):
    with pytest.raises(TaskError, match=sentence):
        load_task("unimib", options)
