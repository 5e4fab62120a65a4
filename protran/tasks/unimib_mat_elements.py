"""The elements of a MATLAB file of version 5 to 7: variables with name, class, shape and stored values.

scipy reads these files too, but its compiled reader ends the whole process on some altered ones; a campaign needs an
error instead. Every length is checked here before bytes are taken, and nothing is unpacked beyond `LARGEST_BYTES`.

Source: "MAT-File Format", The MathWorks, chapter "Level 5 MAT-File Format".
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

HEADER_BYTES = 128
LARGEST_BYTES = 1 << 28  # of one variable; the published data needs a tenth
DEEPEST = 8  # cells in cells
HDF5_VERSION = 2  # files of version 7.3
VERSION = 1
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXTS = {1: "latin-1", 2: "latin-1", 16: "utf-8", 4: "utf-16", 17: "utf-16", 18: "utf-32"}
CELL, CHARACTERS, OPAQUE = 1, 4, 17
NUMERIC_CLASSES = range(6, 16)
COMPLEX_FLAG = 0x0800
Element = tuple[int, memoryview]
"""Type and bytes."""
NOTHING: Element = (0, memoryview(b""))


class DamagedFileError(ValueError):
    """The bytes are no such file; the message is half a sentence."""


class NewerFileError(ValueError):
    """A file of version 7.3, which is HDF5."""


@dataclass(frozen=True)
class Variable:
    """One variable, or one cell of one.

    Attributes:
        name: empty for a cell.
        kind: MATLAB's number of the class.
        shape: rows, columns and so on.
        is_complex: whether there is an imaginary part.
        parts: type and bytes of the elements that hold its values.
        order: `<` or `>`.
    """

    name: str
    kind: int
    shape: tuple[int, ...]
    is_complex: bool
    parts: tuple[Element, ...]
    order: str

    def numbers(self) -> npt.NDArray[np.generic]:
        """Returns the real part as an array of `shape`. Raises `DamagedFileError`."""
        kind, data = self.parts[0] if self.parts else NOTHING
        if kind not in NUMBERS:
            raise DamagedFileError(f"variable {self.name!r} holds no numbers")
        dtype = np.dtype(self.order + NUMBERS[kind])
        if len(data) != prod(self.shape) * dtype.itemsize:
            raise DamagedFileError(f"variable {self.name!r} is not as long as its shape {self.shape} says")
        return np.frombuffer(data, dtype).reshape(self.shape, order="F").astype(dtype.newbyteorder("="))

    def texts(self, depth: int = 0) -> list[str]:
        """Returns the texts of a character array or, row by row, of a cell; none of anything else.

        Raises:
            DamagedFileError: the bytes do not fit the shape, or cells lie in cells too deeply.
        """
        if self.kind == CHARACTERS:
            return self._rows_of_characters()
        if self.kind != CELL:
            return []
        if depth == DEEPEST:
            raise DamagedFileError(f"cells lie in cells more than {DEEPEST} deep")
        cells = [_variable(data, self.order) for kind, data in self.parts if kind == MATRIX]
        if len(cells) != prod(self.shape):
            raise DamagedFileError(f"variable {self.name!r} has not as many cells as its shape {self.shape} says")
        order = np.arange(len(cells)).reshape(self.shape, order="F").ravel()
        in_order = [cells[place] for place in order]
        return [text for cell in in_order if cell is not None for text in cell.texts(depth + 1)]

    def _rows_of_characters(self) -> list[str]:
        kind, data = self.parts[0] if self.parts else NOTHING
        if kind not in TEXTS or len(self.shape) != 2:
            raise DamagedFileError(f"variable {self.name!r} holds no text")
        encoding = TEXTS[kind] if kind in (1, 2, 16) else f"{TEXTS[kind]}-{'le' if self.order == '<' else 'be'}"
        try:
            characters = bytes(data).decode(encoding)
        except UnicodeDecodeError as error:
            raise DamagedFileError(f"variable {self.name!r} holds no text") from error
        if len(characters) != prod(self.shape):
            raise DamagedFileError(f"variable {self.name!r} is not as long as its shape {self.shape} says")
        rows = self.shape[0]
        return [characters[row::rows].strip() for row in range(rows)]  # stored column by column


def read_variables(content: bytes) -> Iterator[Variable]:
    """Yields the variables of a file; those of MATLAB's newer classes (tables, strings) are passed over.

    Raises:
        DamagedFileError: the bytes are not such a file, or one that was cut or altered.
        NewerFileError: the file is of version 7.3.
    """
    order = _check_header(content)
    for kind, data in _elements(memoryview(content)[HEADER_BYTES:], order):
        if kind == COMPRESSED:
            kind, data = next(_elements(memoryview(_unpacked(data)), order), NOTHING)  # noqa: PLW2901
        if kind == MATRIX:
            variable = _variable(data, order)
            if variable is not None:
                yield variable


def _check_header(content: bytes) -> str:
    """Returns the byte order, `<` or `>`."""
    if content.startswith(b"\x89HDF"):
        raise NewerFileError
    if len(content) < HEADER_BYTES:
        raise DamagedFileError(f"it has {len(content)} bytes, fewer than a header")
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    version = content[124:126]
    number = version[1] if order == "<" else version[0]
    if order and number == HDF5_VERSION:
        raise NewerFileError
    if order is None or number != VERSION:
        raise DamagedFileError("its header is not that of a file of version 5 to 7")
    return order


def _elements(data: memoryview, order: str) -> Iterator[Element]:
    """Yields type and bytes of the elements that lie end to end in `data`."""
    position = 0
    while position < len(data):
        if position + 8 > len(data):
            raise DamagedFileError("it ends inside an element")
        kind, size = (int(number) for number in np.frombuffer(data[position : position + 8], order + "u4"))
        if kind >> 16:  # a small element: type, length and up to four bytes in one
            kind, size, start, step = kind & 0xFFFF, kind >> 16, position + 4, 8
            if size > 4:
                raise DamagedFileError(f"a small element claims {size} bytes")
        else:
            start, step = position + 8, 8 + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > len(data):
            raise DamagedFileError("it ends inside an element")
        yield kind, data[start : start + size]
        position += step


def _unpacked(data: memoryview) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, LARGEST_BYTES)
    except zlib.error as error:
        raise DamagedFileError(f"a compressed variable cannot be unpacked: {error}") from error
    if not unpacker.eof:
        raise DamagedFileError(f"a compressed variable is cut off, or larger than {LARGEST_BYTES} bytes")
    return content


def _variable(data: memoryview, order: str) -> Variable | None:
    """Returns the variable in a matrix element; None where it is empty or of a class without a shape."""
    elements = _elements(data, order)
    flags = next(elements, None)
    if flags is None:
        return None
    if len(flags[1]) != 8:
        raise DamagedFileError("a variable begins with no class")
    word = int(np.frombuffer(flags[1][:4], order + "u4")[0])
    if word & 0xFF == OPAQUE:
        return None
    shape, name = next(elements, None), next(elements, None)
    if shape is None or name is None or shape[0] != 5 or len(shape[1]) % 4 or not len(shape[1]):
        raise DamagedFileError("a variable has no shape or no name")
    sizes = tuple(int(size) for size in np.frombuffer(shape[1], order + "i4"))
    if min(sizes) < 0 or len(sizes) > 32:
        raise DamagedFileError(f"a variable has the shape {sizes[:4]}")
    title = bytes(name[1]).decode("latin-1")
    if not title.isprintable():
        raise DamagedFileError("the name of a variable is no text")
    return Variable(title, word & 0xFF, sizes, bool(word & COMPLEX_FLAG), tuple(elements), order)
