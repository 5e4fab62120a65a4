"""One variable of a MATLAB file, checked: a matrix of numbers, or the texts of a cell."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from protran.tasks.errors import TaskError
from protran.tasks.unimib_mat_elements import NUMERIC_CLASSES, NewerFileError, Variable, read_variables


def read_matrix(content: bytes, key: str, columns: int, name: str) -> npt.NDArray[Any]:
    """Returns the matrix `key` of a MATLAB file of version 5 to 7, in the type in which it was stored.

    Args:
        content: the file.
        key: the variable.
        columns: how many columns the variable must have.
        name: what to call the file in errors.

    Raises:
        TaskError: no such file, no such variable, or the variable is no matrix of real numbers of this many columns.
    """
    variable = _find(content, key, name)
    shape = variable.shape
    if variable.kind not in NUMERIC_CLASSES or variable.is_complex:
        kind = "complex ones" if variable.is_complex else f"MATLAB's class {variable.kind}"
        raise TaskError(f"{name}: {key} must hold real numbers, got {kind}; put the original file back")
    if len(shape) != 2 or shape[1] != columns or not shape[0]:
        raise TaskError(
            f"{name}: {key} must have the shape (windows, {columns}), got {shape}; put the original file back"
        )
    try:
        return variable.numbers()
    except ValueError as error:
        raise _damaged(name, error) from error


def read_texts(content: bytes, key: str, name: str) -> list[str]:
    """Returns all texts in the cell or character array `key`, row by row; none where it is of another class.

    Args:
        content: the file.
        key: the variable.
        name: what to call the file in errors.

    Raises:
        TaskError: no such file or no such variable.
    """
    try:
        return _find(content, key, name).texts()
    except TaskError:
        raise
    except ValueError as error:
        raise _damaged(name, error) from error


def _find(content: bytes, key: str, name: str) -> Variable:
    found = set()
    try:
        for variable in read_variables(content):
            if variable.name == key:
                return variable
            found.add(variable.name)
    except NewerFileError as error:
        raise TaskError(
            f"{name}: expected a MATLAB file of version 5 to 7, got version 7.3 (HDF5); save it again with -v7"
        ) from error
    except ValueError as error:
        raise _damaged(name, error) from error
    listed = ", ".join(sorted(found)) or "none"
    raise TaskError(f"{name}: the variable {key!r} is missing; found {listed}; put the original file back")


def _damaged(name: str, error: Exception) -> TaskError:
    return TaskError(
        f"{name}: cannot be read as a MATLAB file of version 5 to 7 ({error}); unpack or download the original file "
        f"again"
    )
