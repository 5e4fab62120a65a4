"""An environment that holds nothing but what a device gets: the pinned libraries, linked from here, and our wheel.

What enrolment does with pip and a package index, without either.
"""

import csv
import io
import re
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

from device_agents.enrolment.requirements import Section, device_requirements
from device_agents.enrolment.wheel import project_wheel

SECTIONS = (Section.AGENT, Section.RUNNER)  # what `device enroll` installs without further options


def make_device_environment(folder):
    """Makes the environment in a folder and returns its interpreter."""
    venv.create(folder, symlinks=True, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    _link(distributions(*SECTIONS), packages)
    with zipfile.ZipFile(io.BytesIO(project_wheel().content)) as wheel:
        wheel.extractall(packages)
    return folder / "bin" / "python"


def distributions(*sections):
    """Returns the listed distributions of some sections, as they are installed here, by their canonical name."""
    names = [line.partition("==")[0] for line in device_requirements(*sections)]
    return {_canonical(name): metadata.distribution(name) for name in names}


def size_bytes(found):
    """Returns the bytes that files of some distributions take, by their own lists."""
    return sum(size for distribution in found.values() for _, size in _files(distribution))


def _link(wanted, packages):
    """Links what the wanted distributions put among the packages; file by file where others put something beside it."""
    wanted_files = {name: [path for path, _ in _files(found)] for name, found in wanted.items()}
    others = {
        path.parts[0]
        for distribution in metadata.distributions()
        if _canonical(distribution.metadata["Name"]) not in wanted
        for path, _ in _files(distribution)
    }
    for name, paths in wanted_files.items():
        links = {path if path.parts[0] in others else Path(path.parts[0]) for path in paths}
        for path in links:
            if path.parts[0] not in ("..", "__pycache__"):  # programs, and what Python makes anew
                _link_one(packages / path, wanted[name].locate_file(path))


def _link_one(place, target):
    if not place.is_symlink():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


def _files(distribution):
    """Returns path and size of each file; `Distribution.files` looks for every one of them on the disk."""
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    return [(Path(path), int(size or 0)) for path, _, size in rows]


def _canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()
