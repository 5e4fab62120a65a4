import io

import numpy as np
import pytest
from scipy.io import savemat

from protran.tasks.errors import TaskError
from protran.tasks.unimib_mat import read_matrix, read_texts

MATRIX = np.arange(60.0).reshape(20, 3)


def written(compressed=True, **variables):
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=compressed)
    return stream.getvalue()


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16, np.uint8])
def test_a_matrix_comes_back_as_it_was_stored(kind):
    found = read_matrix(written(a=MATRIX.astype(kind), b=np.zeros(2)), "a", 3, "a.mat")
    assert np.array_equal(found, MATRIX)


def test_texts_come_row_by_row_from_nested_cells():
    inner = np.empty(2, dtype=object)
    inner[:] = ["second", "third"]
    cell = np.empty((1, 3), dtype=object)
    cell[0, :] = ["first", inner, np.zeros(2)]
    assert read_texts(written(names=cell), "names", "names.mat") == ["first", "second", "third"]


@pytest.mark.parametrize("compressed", [True, False])
def test_a_file_that_was_cut_or_altered_is_one_sentence_or_readable(compressed):
    whole, generator = written(compressed, a=MATRIX), np.random.default_rng(0)
    damaged = [whole[:length] for length in range(0, len(whole), 16)]
    for _ in range(200):
        content = bytearray(whole)
        for place in generator.integers(0, len(whole), 3):
            content[place] = generator.integers(256)
        damaged.append(bytes(content))
    refused = 0
    for content in damaged:
        try:
            assert read_matrix(content, "a", 3, "a.mat").shape[1] == 3
        except TaskError as error:
            refused += 1
            assert str(error).startswith("a.mat: ")
            assert "\n" not in str(error)
    assert refused > len(whole) // 16 - 2
