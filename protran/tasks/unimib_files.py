"""The original files of UniMiB SHAR's nine activities of daily living.

Layout of the folder `data` of the published archive, as its readme and many programs that read it have it:

- `adl_data.mat`, variable `adl_data`, n x 453: a row is a window, 151 samples of x, then 151 of y, then 151 of z, at
  50 Hz. The published file has 7,579 rows.
- `adl_labels.mat`, variable `adl_labels`, n x 3: the activity (1 to 9), the person and the trial of each row.
- `adl_names.mat`, variable `adl_names`: a cell of the activities' names. Its shape varies and the order is published,
  so it may be missing; where it is there, it must not contradict.

Source: D. Micucci, M. Mobilio, P. Napoletano, "UniMiB SHAR: A Dataset for Human Activity Recognition Using Acceleration
Data from Smartphones", Applied Sciences 7(10), 1101 (2017).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.tasks.base import Windows
from protran.tasks.errors import TaskError
from protran.tasks.unimib_mat import read_matrix, read_texts

ACTIVITIES = (
    "StandingUpFS",
    "StandingUpFL",
    "Walking",
    "Running",
    "GoingUpS",
    "Jumping",
    "GoingDownS",
    "LyingDownFS",
    "SittingDown",
)
AXES = 3
SAMPLES = 151
PUBLISHED_WINDOWS = 7579
DATA, LABELS, NAMES = "adl_data", "adl_labels", "adl_names"
SUBFOLDER = "data"
OBTAINING = (
    "get UniMiB-SHAR.zip from its authors (http://www.sal.disco.unimib.it/technologies/unimib-shar/), unpack it, and "
    "name the folder that holds adl_data.mat and adl_labels.mat with the option folder"
)


@dataclass(frozen=True)
class UnimibFiles:
    """What the files hold.

    Attributes:
        windows: signals as recorded (no unit is converted), activities as indices into `ACTIVITIES`; a recording is
            one trial of one activity by one person.
        digests: SHA-256 of the files that the windows come from.
        notes: sentences that a reader of the scores must know.
    """

    windows: Windows
    digests: dict[str, str]
    notes: tuple[str, ...]


def read_unimib(folder: Path) -> UnimibFiles:
    """Returns what is in the user's folder.

    Args:
        folder: holds the files, or a folder `data` that does.

    Raises:
        TaskError: a file is missing or damaged, or the files do not go together; it names the file.
    """
    place = _place(folder)
    content = {key: _content(place / f"{key}.mat") for key in (DATA, LABELS)}
    signals = _signals(content[DATA], str(place / f"{DATA}.mat"))
    labels = _labels(content[LABELS], str(place / f"{LABELS}.mat"), len(signals))
    activities = labels[:, 0] - 1
    _, recordings = np.unique(labels, axis=0, return_inverse=True)
    return UnimibFiles(
        windows=Windows(signals, activities, recordings.reshape(-1).astype(np.int64), labels[:, 1]),
        digests={key: hashlib.sha256(part).hexdigest() for key, part in content.items()},
        notes=(*_size_notes(len(signals)), *_name_notes(place / f"{NAMES}.mat")),
    )


def _place(folder: Path) -> Path:
    for place in (folder, folder / SUBFOLDER):
        if any((place / f"{key}.mat").is_file() for key in (DATA, LABELS)):
            return place
    found = "no such file" if folder.is_dir() else "no such folder"
    raise TaskError(f"{folder}: expected a folder with {DATA}.mat and {LABELS}.mat, got {found}; {OBTAINING}")


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise TaskError(f"{path}: there is no such file; {OBTAINING}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise TaskError(f"cannot read {path} ({error.strerror}); check who may read it") from error


def _signals(content: bytes, name: str) -> npt.NDArray[np.float32]:
    matrix = read_matrix(content, DATA, AXES * SAMPLES, name)
    with np.errstate(over="ignore"):
        signals = np.ascontiguousarray(matrix, dtype=np.float32).reshape(-1, AXES, SAMPLES)
    bad = np.flatnonzero(np.logical_not(np.isfinite(signals).all(axis=(1, 2))))
    if len(bad):
        raise TaskError(
            f"{name}: {DATA} must hold finite numbers, got NaN or infinity in {len(bad)} of {len(signals)} rows "
            f"(first: row {bad[0] + 1}); put the original file back"
        )
    return signals


def _labels(content: bytes, name: str, windows: int) -> npt.NDArray[np.int64]:
    """Returns `n x 3`: activity (from 1), person, trial."""
    matrix = read_matrix(content, LABELS, 3, name)
    if len(matrix) != windows:
        raise TaskError(
            f"{name}: {LABELS} must have one row a window, {windows} as in {DATA}, got {len(matrix)}; take both files "
            f"from one archive"
        )
    _check_column(matrix, 0, f"an activity from 1 to {len(ACTIVITIES)}", len(ACTIVITIES), name)
    _check_column(matrix, 1, "the number of a person, at least 1", np.iinfo(np.int32).max, name)
    _check_column(matrix, 2, "the number of a trial, at least 1", np.iinfo(np.int32).max, name)
    labels = matrix.astype(np.int64)
    absent = sorted(set(range(1, len(ACTIVITIES) + 1)) - set(labels[:, 0].tolist()))
    if absent:
        raise TaskError(
            f"{name}: expected windows of all {len(ACTIVITIES)} activities, got none of {ACTIVITIES[absent[0] - 1]} "
            f"({absent[0]}); put the original file back"
        )
    return labels


def _check_column(matrix: npt.NDArray[Any], column: int, wanted: str, highest: int, name: str) -> None:
    values = matrix[:, column]
    good = (values >= 1) & (values <= highest) & (values == np.floor(values))  # NaN is none of these
    bad = np.flatnonzero(np.logical_not(good))
    if len(bad):
        raise TaskError(
            f"{name}: column {column + 1} of {LABELS} must be {wanted}, got {values[bad[0]]:g} in row {bad[0] + 1}; "
            f"put the original file back"
        )


def _size_notes(windows: int) -> Sequence[str]:
    if windows == PUBLISHED_WINDOWS:
        return ()
    return (f"The files hold {windows} windows, the published ones {PUBLISHED_WINDOWS}; compare scores with none.",)


def _name_notes(path: Path) -> Sequence[str]:
    """Checks that the file of names, where there is one, has the published order."""
    if not path.is_file():
        return ()
    try:
        texts = read_texts(_content(path), NAMES, str(path))
    except TaskError as error:
        raise TaskError(f"{error}, or remove it: the names are known") from error
    order = tuple(dict.fromkeys(text for text in texts if text in ACTIVITIES))
    if order == ACTIVITIES:
        return ()
    if len(order) == len(ACTIVITIES):
        place = next(number for number, name in enumerate(order) if name != ACTIVITIES[number])
        raise TaskError(
            f"{path}: expected activity {place + 1} to be {ACTIVITIES[place]}, as published, got {order[place]}; take "
            f"all files from one archive"
        )
    return (f"{path.name} does not list the published names, so its order could not be checked.",)
