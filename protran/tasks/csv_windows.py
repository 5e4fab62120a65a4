"""Reads windows from a CSV in long form: one row a sample, columns for channels, label, recording and person."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from protran.tasks.errors import TaskError
from protran.tasks.labelled import LabelledWindows, indexed
from protran.tasks.windowing import cut_windows
from protran.tasks.windows_options import WindowsOptions


@dataclass(frozen=True)
class _Columns:
    """Positions of the columns that are used."""

    channels: tuple[int, ...]
    label: int
    group: int | None
    person: int | None


@dataclass
class _Run:
    """Consecutive rows of one label, recording and person; windows are cut inside a run."""

    label: str
    group: str
    person: str
    samples: array[float] = field(default_factory=lambda: array("f"))


def read_csv_windows(content: bytes, name: str, options: WindowsOptions) -> LabelledWindows:
    """Returns the windows of a CSV file.

    Args:
        content: the file.
        name: what to call the file in errors.
        options: columns, window and stride.

    Raises:
        TaskError: no text, no header, two columns of one name, a missing column, an entry that is no finite number,
            no whole window.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TaskError(f"{name}: expected a CSV file in UTF-8, got bytes that are none; save it as UTF-8") from error
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(rows, None)
        if not header:
            raise TaskError(f"{name}: expected a header line with column names, got an empty file")
        header = [column.strip() for column in header]
        _check_distinct(header, name)
        columns = _find_columns(header, name, options)
        runs = list(_runs(rows, header, columns, name))
    except csv.Error as error:
        raise TaskError(f"{name}:{rows.line_num}: expected comma-separated values ({error})") from error
    if not runs:
        raise TaskError(f"{name}: expected one row a sample below the header, got none")
    return _cut(runs, len(columns.channels), name, options)


def _check_distinct(header: Sequence[str], name: str) -> None:
    """Refuses two columns of one name: whichever was read, it could be the wrong one."""
    twice = next((column for place, column in enumerate(header) if column in header[:place]), None)
    if twice is not None:
        raise TaskError(f"{name}:1: two columns are named {twice!r}; give each column a name of its own")


def _find_columns(header: Sequence[str], name: str, options: WindowsOptions) -> _Columns:
    def position(column: str, option: str) -> int:
        if column not in header:
            raise TaskError(
                f"{name}: column {column!r} is missing; found columns {', '.join(header)}; name the right one with "
                f"the option {option}"
            )
        return header.index(column)

    label = position(options.label, "label")
    group = position(options.group, "group") if options.group is not None else None
    person = position(options.person, "person") if options.person is not None else None
    used = {label, group, person}
    channels = [position(column, "channels") for column in options.channels]
    channels = channels or [index for index in range(len(header)) if index not in used]
    if not channels:
        raise TaskError(f"{name}: expected at least one channel column beside {', '.join(header)}, got none")
    twice = used & set(channels)
    if twice:
        column = header[min(index for index in twice if index is not None)]
        raise TaskError(f"{name}: column {column!r} cannot be a channel and label, group or person at once")
    return _Columns(tuple(channels), label, group, person)


def _runs(rows: Iterator[list[str]], header: Sequence[str], columns: _Columns, name: str) -> Iterator[_Run]:
    run: _Run | None = None
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise TaskError(f"{name}:{number}: expected {len(header)} values, got {len(row)}")
        label = row[columns.label].strip()
        group = row[columns.group].strip() if columns.group is not None else ""
        person = row[columns.person].strip() if columns.person is not None else ""
        if not label:
            raise TaskError(f"{name}:{number}: the label is empty; give every row its label or remove the row")
        if run is None or (run.label, run.group, run.person) != (label, group, person):
            if run is not None:
                yield run
            run = _Run(label, group, person)
        for column in columns.channels:
            run.samples.append(_number(row[column], header[column], name, number))
    if run is not None:
        yield run


def _number(entry: str, column: str, name: str, line: int) -> float:
    try:
        value = float(entry)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > float(np.finfo(np.float32).max):
        raise TaskError(
            f"{name}:{line}: column {column!r} holds {entry!r}, expected a finite number; repair or remove the row, or "
            f"name the channel columns with the option channels"
        )
    return value


def _cut(runs: list[_Run], channels: int, name: str, options: WindowsOptions) -> LabelledWindows:
    stride = options.stride or max(1, options.window // 2)
    parts = [
        cut_windows(np.frombuffer(run.samples, dtype=np.float32).reshape(-1, channels), options.window, stride)
        for run in runs
    ]
    counts = [len(part) for part in parts]
    if not sum(counts):
        longest = max(len(run.samples) // channels for run in runs)
        raise TaskError(
            f"{name}: no run of one label is as long as a window of {options.window} samples (the longest has "
            f"{longest}); choose a smaller window with the option window"
        )
    classes, labels = indexed([run.label for run in runs])
    lost = sorted({run.label for run in runs} - {run.label for run, count in zip(runs, counts, strict=True) if count})
    if lost:
        raise TaskError(
            f"{name}: no run of label {lost[0]!r} is as long as a window of {options.window} samples; choose a smaller "
            f"window with the option window or remove the label"
        )
    short = sum(count == 0 for count in counts)
    notes = (f"{short} of {len(runs)} runs were shorter than a window and left out.",) if short else ()

    def spread(values: list[str]) -> npt.NDArray[np.int64]:
        return np.repeat(indexed(values)[1], counts)

    return LabelledWindows(
        signals=np.concatenate(parts),
        labels=np.repeat(labels, counts),
        classes=classes,
        recordings=spread([run.group for run in runs]) if options.group is not None else None,
        persons=spread([run.person for run in runs]) if options.person is not None else None,
        notes=notes,
    )
