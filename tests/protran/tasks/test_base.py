import numpy as np
import pytest

from protran.tasks.base import TaskData, Windows
from protran.tasks.errors import TaskError
from search_spaces.input_spec import InputKind, InputSpec


def _windows(count=4, **changes):
    index = np.arange(count, dtype=np.int64)
    arrays = {
        "signals": np.zeros((count, 2, 5), dtype=np.float32),
        "labels": index % 2,
        "recordings": index,
        "persons": index,
    }
    return Windows(**{**arrays, **changes})


def test_a_mask_and_an_index_select_the_same_windows():
    windows = _windows()
    by_mask = windows.where(np.array([False, True, False, True]))
    by_index = windows.where(np.array([1, 3]))
    assert by_mask.recordings.tolist() == by_index.recordings.tolist() == [1, 3]
    assert len(by_mask) == 2


def test_known_windows_are_those_of_training_and_validation():
    spec = InputSpec(InputKind.WINDOWS, length=5, classes=2, channels=2)
    train, validation = _windows(2), _windows(3, persons=np.array([7, 8, 9]))
    known = TaskData(train, validation, _windows(4), spec, ("a", "b")).known
    assert known.persons.tolist() == [0, 1, 7, 8, 9]
    assert known.signals.shape == (5, 2, 5)


@pytest.mark.parametrize("name", ["labels", "recordings", "persons"])
def test_arrays_of_another_length_are_refused(name):
    with pytest.raises(TaskError, match=f"expected 4 {name}, got shape"):
        _windows(**{name: np.zeros(3, dtype=np.int64)})


def test_windows_without_channels_are_refused():
    with pytest.raises(TaskError, match=r"expected windows of shape \(n, channels, length\)"):
        _windows(signals=np.zeros((4, 5), dtype=np.float32))
