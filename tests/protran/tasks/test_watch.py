import numpy as np
import pytest

from protran.tasks.watch import TEST_PERSONS, WatchTask
from search_spaces.input_spec import InputKind


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROTRAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        return WatchTask().load()


def test_there_are_3045_windows_of_three_axes_and_151_samples(data):
    assert sum(len(windows) for windows in data.sets.values()) == 3045
    assert {windows.signals.shape[1:] for windows in data.sets.values()} == {(3, 151)}


def test_the_three_sets_have_different_people(data):
    persons = [set(windows.persons.tolist()) for windows in data.sets.values()]
    assert set.union(*persons) == set(range(1, 11))
    assert sum(len(group) for group in persons) == 10


def test_people_8_to_10_are_the_test_set(data):
    assert set(data.test.persons.tolist()) == set(TEST_PERSONS) == {8, 9, 10}
    assert len(data.test) == 963


def test_every_set_has_every_exercise(data):
    assert all(len(np.unique(windows.labels)) == 7 for windows in data.sets.values())


def test_no_recording_is_in_two_sets_and_each_has_one_person_and_one_label(data):
    recordings = [set(windows.recordings.tolist()) for windows in data.sets.values()]
    assert sum(len(group) for group in recordings) == len(set.union(*recordings)) == 140
    for windows in data.sets.values():
        for recording in np.unique(windows.recordings):
            of_it = windows.recordings == recording
            assert len(np.unique(windows.persons[of_it])) == len(np.unique(windows.labels[of_it])) == 1


def test_the_input_spec_fits_the_windows(data):
    spec = WatchTask().input_spec
    assert (spec.kind, spec.channels, spec.length, spec.classes) == (InputKind.WINDOWS, 3, 151, 7)
    assert spec.sequence_length == 30
    assert data.input_spec == spec


def test_the_check_counts_windows_people_and_recordings(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path))
    found = WatchTask().check().to_json()
    assert sum(found["windows"]["test"].values()) == 963
    assert sum(found["persons"].values()) == 10
    assert sum(found["recordings"].values()) == 140
