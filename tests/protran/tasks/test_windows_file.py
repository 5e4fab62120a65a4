import numpy as np
import pytest

from protran.tasks.errors import TaskError
from protran.tasks.registry import load_task
from search_spaces.input_spec import InputKind

OPTIONS = {"window": 20, "group": "recording", "person": "person", "channels": ["ax", "ay"]}


def _data(path, **options):
    return load_task(path, options).load()


def test_a_csv_is_cut_into_windows_inside_its_recordings(csv_file):
    data = _data(csv_file(), **OPTIONS)
    total = sum(len(windows) for windows in data.sets.values())
    assert total == 18 * 3  # 40 rows, window 20, stride 10
    for windows in data.sets.values():
        assert (windows.signals[:, 1].min(axis=1) == windows.signals[:, 1].max(axis=1)).all()  # ay is the recording


def test_sets_of_a_csv_share_no_person(csv_file):
    data = _data(csv_file(), **OPTIONS)
    assert [len(set(windows.persons.tolist())) for windows in data.sets.values()] == [1, 1, 1]
    assert data.notes == ()


def test_sets_of_a_csv_without_persons_share_no_recording(csv_file):
    data = _data(csv_file(), **{**OPTIONS, "person": None})
    recordings = [set(windows.recordings.tolist()) for windows in data.sets.values()]
    assert sum(map(len, recordings)) == len(set.union(*recordings)) == 18


def test_a_csv_without_groups_is_split_at_random_and_says_that_it_may_leak(csv_file):
    data = _data(csv_file(), window=20, channels=["ax", "ay"])
    assert any("split at random" in note for note in data.notes)


def test_labels_become_classes_in_order(csv_file):
    task = load_task(csv_file(), OPTIONS)
    assert task.classes == ("run", "walk")
    assert all(set(windows.labels.tolist()) == {0, 1} for windows in task.load().sets.values())


def test_columns_without_another_use_are_the_channels(csv_file):
    spec = load_task(csv_file(), {"window": 20, "group": "recording", "person": "person"}).input_spec
    assert (spec.kind, spec.channels, spec.length, spec.classes) == (InputKind.WINDOWS, 3, 20, 2)


def test_patch_and_stride_can_be_chosen(csv_file):
    task = load_task(csv_file(), {**OPTIONS, "patch": 4, "stride": 20})
    assert task.input_spec.sequence_length == 5
    assert sum(len(windows) for windows in task.load().sets.values()) == 18 * 2


def test_an_npz_gives_its_windows_and_shares_no_group(npz_file):
    signals = np.arange(60 * 2 * 8, dtype=np.float64).reshape(60, 2, 8)
    path = npz_file(X=signals, y=np.tile(["a", "b"], 30), groups=np.repeat(np.arange(10), 6))
    data = _data(path)
    found = np.concatenate([windows.signals for windows in data.sets.values()])
    assert np.array_equal(found[np.argsort(found[:, 0, 0])], signals.astype(np.float32))
    groups = [set(windows.recordings.tolist()) for windows in data.sets.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 10


def test_the_version_follows_content_and_options_but_not_the_place(csv_file, tmp_path):
    path = csv_file()
    version = load_task(path, OPTIONS).version
    moved = tmp_path / "elsewhere.csv"
    moved.write_bytes(path.read_bytes())
    assert load_task(moved, OPTIONS).version == version
    assert load_task(path, {**OPTIONS, "window": 10}).version != version
    with path.open("a", encoding="utf-8") as stream:
        stream.write("40,0,0,run,r0,p0\n")
    assert load_task(path, OPTIONS).version != version


def test_a_class_that_a_set_lacks_is_noted(npz_file):
    labels = np.array([0] * 12 + [1] * 12 + [2] * 12)
    groups = np.array([0, 1, 2, 3, 4, 5] * 2 + [6, 7, 8, 9, 10, 11] * 2 + [12] * 12)
    data = _data(npz_file(X=np.zeros((36, 1, 4)), y=labels, groups=groups))
    assert "No window of class '2' is in the test set." in data.notes


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"label": "activity"}, "column 'activity' is missing; found columns time, ax, ay, label, recording, person"),
        ({"group": "trial"}, "column 'trial' is missing"),
        ({"channels": ["ax", "az"]}, "column 'az' is missing.*the option channels"),
        ({"channels": ["ax", "label"]}, "column 'label' cannot be a channel and label"),
        ({"channels": ["ax", "recording"]}, "column 'recording' cannot be a channel"),
        ({"window": 41}, "no run of one label is as long as a window of 41 samples .the longest has 40."),
        ({"patch": 21}, "patch .21. must not exceed the window .20."),
    ],
)
def test_wrong_options_are_one_sentence_that_names_the_file(csv_file, options, sentence):
    with pytest.raises(TaskError, match=sentence) as caught:
        _data(csv_file(), **{**OPTIONS, **options})
    assert "moves.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("0,high,0,run,r0,p0", "moves.csv:2: column 'ax' holds 'high', expected a finite number"),
        ("0,nan,0,run,r0,p0", "moves.csv:2: column 'ax' holds 'nan', expected a finite number"),
        ("0,1e300,0,run,r0,p0", "moves.csv:2: column 'ax' holds '1e300', expected a finite number"),
        ("0,1,0,,r0,p0", "moves.csv:2: the label is empty"),
        ("0,1,0,run,r0", "moves.csv:2: expected 6 values, got 5"),
    ],
)
def test_a_bad_row_is_named_by_its_line(csv_file, row, sentence):
    with pytest.raises(TaskError, match=sentence):
        _data(csv_file(rows=[row]), **OPTIONS)


def test_an_empty_csv_is_refused(csv_file):
    path = csv_file()
    path.write_bytes(b"")
    with pytest.raises(TaskError, match="expected a header line"):
        _data(path, **OPTIONS)


@pytest.mark.parametrize(
    ("header", "column"), [("time,ax,ax,label,recording,person", "ax"), ("time,ax,ay,label,label ,person", "label")]
)
def test_two_columns_of_one_name_are_refused(csv_file, header, column):
    with pytest.raises(TaskError, match=rf"moves\.csv:1: two columns are named '{column}'") as caught:
        _data(csv_file(header=header), **OPTIONS)
    assert "\n" not in str(caught.value)


def test_a_csv_without_rows_is_refused(csv_file):
    with pytest.raises(TaskError, match="one row a sample"):
        _data(csv_file(rows=[]), **OPTIONS)


def test_a_csv_that_is_not_utf8_is_refused(csv_file):
    path = csv_file()
    path.write_bytes(b"label,x\n\xff\xfe,1\n")
    with pytest.raises(TaskError, match="save it as UTF-8"):
        _data(path, **OPTIONS)


def test_a_single_class_is_refused(csv_file):
    rows = [f"{t},1,2,run,r{r},p{r}" for r in range(4) for t in range(40)]
    with pytest.raises(TaskError, match=r"at least two classes, got one \('run'\)"):
        _data(csv_file(rows=rows), **OPTIONS)


def test_a_label_that_is_never_long_enough_is_named(csv_file):
    rows = [f"{t},1,2,{'fall' if t > 30 else 'run'},r{r},p{r}" for r in range(4) for t in range(40)]
    with pytest.raises(TaskError, match="no run of label 'fall' is as long as a window"):
        _data(csv_file(rows=rows), **OPTIONS)


def test_too_few_groups_are_refused(csv_file):
    rows = [f"{t},1,2,{'run' if t < 20 else 'walk'},r{r},p{r}" for r in range(2) for t in range(40)]
    with pytest.raises(TaskError, match=r"moves\.csv: expected at least 3 groups .* got 2"):
        _data(csv_file(rows=rows), **OPTIONS)


GOOD = {"X": np.zeros((12, 2, 8)), "y": np.tile([0, 1], 6)}


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"X": GOOD["X"]}, "array 'y' is missing; found X"),
        ({"y": GOOD["y"]}, "array 'X' is missing; found y"),
        ({**GOOD, "X": np.zeros((12, 8))}, r"shape \(windows, channels, length\), got \(12, 8\)"),
        ({**GOOD, "y": np.zeros(11, dtype=int)}, r"y must have one entry a window, shape \(12,\), got \(11,\)"),
        ({**GOOD, "y": np.zeros(12)}, "y must hold whole numbers or text, got float64"),
        ({**GOOD, "groups": np.zeros((12, 1), dtype=int)}, "groups must have one entry a window"),
        ({**GOOD, "X": np.full((12, 2, 8), np.nan)}, "NaN or infinity in 12 of 12 windows .first: index 0."),
        ({**GOOD, "X": np.full((12, 2, 8), "a")}, "X must hold numbers"),
        ({**GOOD, "y": np.zeros(12, dtype=int)}, "at least two classes, got one"),
        ({**GOOD, "y": np.array([object()] * 12)}, "cannot be read as an .npz file"),
    ],
)
def test_a_bad_npz_is_one_sentence_that_names_the_file(npz_file, arrays, sentence):
    with pytest.raises(TaskError, match=sentence) as caught:
        _data(npz_file(**arrays))
    assert "windows.npz" in str(caught.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [("label", "foo"), ("group", "g"), ("person", "p"), ("channels", ["x"]), ("window", 5), ("stride", 5)],
)
def test_an_option_that_is_for_csv_files_is_refused_with_an_npz(npz_file, option, value):
    with pytest.raises(TaskError, match=rf"windows\.npz: the option {option} is for \.csv files only"):
        load_task(npz_file(**GOOD), {option: value})


def test_options_that_are_for_every_file_are_taken_with_an_npz(npz_file):
    task = load_task(npz_file(**GOOD), {"patch": 4, "split_seed": 1, "validation_fraction": 0.25})
    assert task.input_spec.patch == 4


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04cut"])
def test_a_file_that_is_no_npz_is_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(TaskError, match=r"cannot be read as an \.npz file"):
        _data(tmp_path / "x.npz")


def test_a_single_array_under_the_name_npz_is_refused(tmp_path):
    with (tmp_path / "x.npz").open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(TaskError, match="got a single array"):
        _data(tmp_path / "x.npz")
