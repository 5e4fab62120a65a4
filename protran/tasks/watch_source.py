"""The recordings behind the `watch` task, from the seglearn package, converted once into the user's cache.

The package's file is a pickle inside an .npy. Unpickling runs code, so the file is opened only if its hash is the one
that was inspected; afterwards only the converted .npz is read.

Source: D. Burns and C. Whyne, "Seglearn: A Python Package for Learning Sequences and Time Series", JMLR 19 (2018);
the recordings are from D. Burns et al., "Shoulder physiotherapy exercise recognition", Physiological Measurement 39
(2018). BSD-3 licence.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from protran.tasks.cache import cache_folder, write_arrays
from protran.tasks.errors import TaskError

PACKAGE = "seglearn"
REQUIREMENT = "seglearn==1.2.5"
SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"
CONVERTED = f"watch-{SHA256[:8]}-1.npz"
CLASSES = ("PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW")


@dataclass(frozen=True)
class Recordings:
    """Recordings end to end.

    Attributes:
        samples: `rows x 6`, float32: three accelerometer axes, then three gyroscope axes, at 50 Hz.
        lengths: `r`, rows of each recording.
        labels: `r`, index into `CLASSES`.
        persons: `r`, 1 to 10.
    """

    samples: npt.NDArray[np.float32]
    lengths: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    persons: npt.NDArray[np.int64]

    def split(self) -> list[npt.NDArray[np.float32]]:
        """Returns the recordings one by one, each `rows x 6`."""
        return np.split(self.samples, np.cumsum(self.lengths)[:-1])


def read_recordings() -> Recordings:
    """Returns the recordings, from the cache if they were converted before.

    Raises:
        TaskError: the package is missing, its file is not the expected one, or the cache cannot be written.
    """
    path = cache_folder() / CONVERTED
    cached = _read_converted(path)
    if cached is not None:
        return cached
    recordings = _convert(package_file())
    write_arrays(
        path,
        {
            "samples": recordings.samples,
            "lengths": recordings.lengths,
            "labels": recordings.labels,
            "persons": recordings.persons,
        },
    )
    return recordings


def package_file() -> Path:
    """Returns the data file inside the installed package, found without importing it. Raises `TaskError`."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise TaskError(
            f"the watch task reads its recordings from the package {PACKAGE}, which is not installed; install it with "
            f"pip install --no-deps {REQUIREMENT}"
        )
    return Path(spec.origin).parent / "data" / "watch_dataset.npy"


def _read_converted(path: Path) -> Recordings | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return Recordings(arrays["samples"], arrays["lengths"], arrays["labels"], arrays["persons"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # a damaged cache is converted again
        return None


def _convert(source: Path) -> Recordings:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise TaskError(
            f"cannot read {source} ({error.strerror}); reinstall it with pip install --no-deps --force-reinstall "
            f"{REQUIREMENT}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise TaskError(
            f"{source.name} of the package {PACKAGE} has SHA-256 {found[:8]}…, expected {SHA256[:8]}…, so it is not "
            f"opened; reinstall it with pip install --no-deps --force-reinstall {REQUIREMENT}"
        )
    table = np.load(io.BytesIO(content), allow_pickle=True).item()  # these very bytes, just hashed
    signals = [np.asarray(recording, dtype=np.float32) for recording in table["X"]]
    return Recordings(
        samples=np.concatenate(signals),
        lengths=np.array([len(recording) for recording in signals], dtype=np.int64),
        labels=np.asarray(table["y"], dtype=np.int64),
        persons=np.asarray(table["subject"], dtype=np.int64),
    )
