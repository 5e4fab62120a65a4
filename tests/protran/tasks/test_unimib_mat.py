import io
import struct

import numpy as np
import pytest
from scipy.io import savemat

from protran.tasks import unimib_mat_elements
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


def element(order, kind, data):
    return struct.pack(order + "II", kind, len(data)) + data + bytes(-len(data) % 8)


def written_by_hand(order, name, shape, stored):
    """A file with one matrix of doubles, whose values are stored in the smaller type of `stored`, as MATLAB does."""
    codes = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "f8": 9}
    values = stored.astype(stored.dtype.newbyteorder(order)).tobytes(order="F")
    matrix = b"".join(
        (
            element(order, 6, struct.pack(order + "II", 6, 0)),
            element(order, 5, struct.pack(order + "ii", *shape)),
            element(order, 1, name),
            element(order, codes[stored.dtype.str[1:]], values),
        )
    )
    mark = b"IM" if order == "<" else b"MI"
    header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(order + "H", 0x0100) + mark
    return header + element(order, 14, matrix)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "i2", "f8"])
def test_a_matrix_is_read_in_either_byte_order_and_any_stored_type(order, kind):
    content = written_by_hand(order, b"adl_labels", (20, 3), MATRIX.astype(kind))
    found = read_matrix(content, "adl_labels", 3, "a.mat")
    assert np.array_equal(found, MATRIX)
    assert found.dtype.isnative


def test_values_that_are_fewer_than_the_shape_says_are_refused():
    content = written_by_hand("<", b"adl_labels", (21, 3), MATRIX)
    with pytest.raises(TaskError, match=r"not as long as its shape \(21, 3\) says"):
        read_matrix(content, "adl_labels", 3, "a.mat")


def test_a_character_array_is_one_text_a_row():
    content = written(names=np.array(["Walking", "Jump"]))
    assert read_texts(content, "names", "names.mat") == ["Walking", "Jump"]


def test_a_variable_of_another_class_has_no_texts():
    assert read_texts(written(names={"first": "Walking"}), "names", "names.mat") == []


def test_cells_in_cells_without_end_are_refused():
    cell = "text"
    for _ in range(10):
        outer = np.empty(1, dtype=object)
        outer[0] = cell
        cell = outer
    with pytest.raises(TaskError, match="cells lie in cells more than 8 deep"):
        read_texts(written(names=cell), "names", "names.mat")


def test_a_variable_that_unpacks_to_more_than_the_bound_is_refused(monkeypatch):
    monkeypatch.setattr(unimib_mat_elements, "LARGEST_BYTES", 1000)
    with pytest.raises(TaskError, match="larger than 1000 bytes"):
        read_matrix(written(a=np.zeros((2000, 3))), "a", 3, "a.mat")


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
