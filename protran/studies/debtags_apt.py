"""Fetches Debian's package lists with apt, from the sources that this machine has, into a folder of its own.

The system's lists, caches and hooks are left alone, so no administrator is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from protran.studies.text_fetch import Finished, Run, run_command
from protran.studies.text_snapshot import unwritable
from protran.studies.texts import TextsError
from protran.tasks.cache import cache_folder

APT = "apt-get"
DISTRIBUTION = "Debian"
COLUMNS = ("CREATED_BY", "ORIGIN", "CODENAME", "VERSION", "FILENAME")
OWN_LISTS = (
    "fetch Packages and Translation-en of one Debian suite on another machine, then give them with packages=FILE and "
    "translation=FILE"
)
_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Languages "en";
Acquire::GzipIndexes "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
"""
"""Hooks of the system are not for private lists; uncompressed lists need no further program to be read."""
_DATE = re.compile(r"^Date:[ \t]*([\w ,:+-]{1,60}?)[ \t]*$", re.MULTILINE)
_CODENAME = re.compile(r"^Codename:[ \t]*(\S{1,60})[ \t]*$", re.MULTILINE)
_HEAD_BYTES = 1 << 16  # of a release file; its date and name stand at the top


@dataclass(frozen=True)
class Lists:
    """Fetched lists, uncompressed.

    Attributes:
        packages: lists of packages.
        translations: lists of English descriptions.
        origin: which suites they are of, and of which dates.
    """

    packages: tuple[Path, ...]
    translations: tuple[Path, ...]
    origin: str


class _Target(NamedTuple):
    """A list as apt describes it."""

    kind: str
    distribution: str
    codename: str
    version: str
    path: Path


@contextmanager
def fetched_lists(run: Run = run_command) -> Iterator[Lists]:
    """Gives the lists of all Debian suites among this machine's sources, in a folder that is removed afterwards.

    Args:
        run: runs apt-get; tests give their own.

    Raises:
        TextsError: there is no apt, it fails, it reaches no source, or none of its sources is Debian's.
    """
    root = cache_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=root, prefix="debtags-lists-")
    except OSError as error:
        raise unwritable(root, error) from error
    with folder as name:
        yield _fetch(Path(name).resolve(), run)


def _fetch(folder: Path, run: Run) -> Lists:
    lists, cache, configuration = folder / "lists", folder / "cache", folder / "apt.conf"
    try:
        (lists / "partial").mkdir(parents=True)
        cache.mkdir()
        configuration.write_text(_CONFIGURATION, encoding="ascii")
        folder.chmod(0o711)  # where apt is run by root, it downloads as a user without rights
    except OSError as error:
        raise unwritable(folder, error) from error
    command = [APT, "-q", f"--config-file={configuration}", "-o", f"Dir::State::lists={lists}"]
    command += ["-o", f"Dir::Cache={cache}"]
    update = _run(run, [*command, "update"])
    columns = "\t".join(f"$({column})" for column in COLUMNS)
    listed = _run(run, [*command, "indextargets", "--format", columns])
    if listed.status:
        raise TextsError(f"expected {APT} to name its lists, got: {listed.reason}; {OWN_LISTS}")
    targets = list(_targets(listed.output))
    ours = [target for target in targets if target.distribution == DISTRIBUTION and target.path.is_file()]
    packages = tuple(target.path for target in ours if target.kind == "Packages")
    translations = tuple(target.path for target in ours if target.kind == "Translations")
    if not packages or not translations:
        raise _missing(update, targets)
    return Lists(packages, translations, _origin(ours, lists))


def _run(run: Run, command: Sequence[str]) -> Finished:
    try:
        return run(command)
    except FileNotFoundError as error:
        raise TextsError(
            f"expected {APT} to fetch the lists of debtags, got a machine without it; {OWN_LISTS}"
        ) from error


def _targets(output: str) -> Iterator[_Target]:
    for line in output.splitlines():
        values = line.split("\t")
        if len(values) == len(COLUMNS):
            yield _Target(values[0], values[1], values[2], values[3], Path(values[4]))


def _missing(update: Finished, targets: Sequence[_Target]) -> TextsError:
    """Returns the error for fetched lists that lack what is needed: of another distribution, or not fetched at all."""
    others = sorted(
        {one.distribution for one in targets if one.path.is_file() and not one.distribution.startswith("$")}
    )
    if others and DISTRIBUTION not in others:
        return TextsError(
            f"expected lists of Debian, whose packages have debtags, got lists of {', '.join(others)}; {OWN_LISTS}"
        )
    return TextsError(
        f"expected {APT} to fetch Debian's lists of packages and descriptions, got: {update.reason}; check the network "
        f"and the sources of apt, or {OWN_LISTS}"
    )


def _origin(targets: Sequence[_Target], lists: Path) -> str:
    dates: dict[str, str] = {}
    for path in sorted(lists.glob("*Release")):  # Release and InRelease
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES).decode("utf-8", errors="replace")
        codename, date = _CODENAME.search(head), _DATE.search(head)
        if codename and date:
            dates[codename.group(1)] = date.group(1)
    suites = dict.fromkeys((one.codename, one.version) for one in targets if one.kind == "Packages")
    named = [f"{codename} ({version}) of {dates.get(codename, 'unknown date')}" for codename, version in suites]
    return f"Debian's package lists {', '.join(named)}."
