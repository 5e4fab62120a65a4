import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protran.tasks.windowing import cut_windows, window_starts


@pytest.mark.parametrize(("length", "starts"), [(9, []), (10, [0]), (14, [0]), (15, [0, 5]), (21, [0, 5, 10])])
def test_only_whole_windows_are_cut(length, starts):
    assert window_starts(length, 10, 5).tolist() == starts


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 20))
def test_windows_are_the_slices_of_the_recording(length, window, stride):
    recording = np.arange(2 * length, dtype=np.float32).reshape(length, 2)
    expected = [recording[start : start + window].T for start in range(0, length - window + 1, stride)]
    cut = cut_windows(recording, window, stride)
    assert cut.shape == (len(expected), 2, window)
    assert all(np.array_equal(one, other) for one, other in zip(cut, expected, strict=True))
