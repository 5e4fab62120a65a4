"""A wheel of the packages that run here, for a device: the same code, whether from a checkout or from a wheel.

Our packages are pure Python, so a wheel is a zip archive of them with a few lines about it. Nothing is built and
nothing is fetched, and a controller that was installed without its sources can make one as well.
Source: the binary distribution format of the Python packaging specifications.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from device_agents.errors import DeviceError

DISTRIBUTION = "protran"
PACKAGES = ("protran", "search_spaces", "surrogates", "device_agents")
RUNNER_PACKAGES = ("search_spaces", "device_agents")
"""What a runner imports."""

_FILES = (".py", ".typed", ".csv", ".yaml", ".txt")
_STAMP = (1980, 1, 1, 0, 0, 0)  # the earliest of a zip archive: the same code gives the same archive
_FORMAT = "Wheel-Version: 1.0\nGenerator: protran\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@dataclass(frozen=True)
class Archive:
    """A zip archive: the name of its file, and its bytes."""

    file_name: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def project_wheel() -> Archive:
    """Returns a wheel of the four packages as they are installed here.

    Raises:
        DeviceError: the packages run here without being installed.
    """
    try:
        installed = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise DeviceError(
            "expected an installed protran, got its packages alone; run `pip install --editable .` in its folder"
        ) from error
    stem = f"{DISTRIBUTION}-{installed.version}"
    about = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    entries = installed.read_text("entry_points.txt") or ""
    files = [
        *package_files(PACKAGES),
        (f"{stem}.dist-info/METADATA", about.encode()),
        (f"{stem}.dist-info/WHEEL", _FORMAT.encode()),
        (f"{stem}.dist-info/entry_points.txt", entries.encode()),
    ]
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files] + [f"{record},,"]
    return Archive(f"{stem}-py3-none-any.whl", _zipped([*files, (record, "\n".join(lines).encode() + b"\n")]))


def runner_archive() -> Archive:
    """Returns an archive of what a runner imports, to stand on a board's ``PYTHONPATH`` as it is."""
    content = _zipped(package_files(RUNNER_PACKAGES))
    return Archive(f"runner-{hashlib.sha256(content).hexdigest()[:16]}.zip", content)


def package_files(packages: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yields name and content of each file of some packages, in a fixed order; nothing of them is imported."""
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise DeviceError(f"the package {package} is not installed here; reinstall protran")
        folder = Path(next(iter(spec.submodule_search_locations)))
        for path in sorted(folder.rglob("*")):
            if path.suffix in _FILES and "__pycache__" not in path.parts and path.is_file():
                yield f"{package}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
