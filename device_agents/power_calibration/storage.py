"""Where calibrations are kept: one JSON file per device in the user's data folder."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

from device_agents.environment import IDENTITY_LENGTH
from device_agents.errors import DeviceError
from device_agents.power_calibration.calibration import Calibration

DATA_VARIABLE = "PROTRAN_DATA"
_IDENTITY = re.compile(rf"[0-9a-f]{{{IDENTITY_LENGTH}}}")


def data_folder() -> Path:
    """Returns the folder for what is kept for good: `PROTRAN_DATA` if set, else the user's data folder. Not created.

    Raises:
        DeviceError: the variable is not set, and the library that knows the folder is not installed.
    """
    chosen = os.environ.get(DATA_VARIABLE)
    if chosen:
        return Path(chosen)
    try:
        import platformdirs  # noqa: PLC0415 - a runner's environment may lack it, and then sets the variable
    except ImportError as error:
        raise DeviceError(
            f"the user's data folder is not known without platformdirs; install it, or set {DATA_VARIABLE}"
        ) from error
    return Path(platformdirs.user_data_dir("protran"))


def calibration_path(identity: str, folder: Path | None = None) -> Path:
    """Returns the file of the device's calibration, whether it exists or not.

    Raises:
        DeviceError: `identity` is none, so that it could lead anywhere.
    """
    if not _IDENTITY.fullmatch(identity):
        raise DeviceError(f"expected a device identity of {IDENTITY_LENGTH} hexadecimal digits, got {identity!r}")
    return (folder or data_folder()) / "power-calibrations" / f"{identity}.json"


def save_calibration(calibration: Calibration, folder: Path | None = None) -> Path:
    """Writes the device's calibration in place of an earlier one, whole or not at all, and returns the file.

    Raises:
        DeviceError: the folder cannot be written.
    """
    path = calibration_path(calibration.identity, folder)
    text = json.dumps(calibration.to_json(), indent=2, allow_nan=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".partial")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(f"{text}\n")
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise
    except OSError as error:
        raise DeviceError(
            f"cannot write the calibration to {path.parent} ({error.strerror}); set {DATA_VARIABLE} to a folder that "
            "can be written"
        ) from error
    return path


def load_calibration(path: Path) -> Calibration | None:
    """Returns the calibration in `path`; None where there is no such file.

    Raises:
        DeviceError: the file cannot be read, or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceError(f"{path}: the power calibration cannot be read ({error})") from error
    try:
        payload = json.loads(text)
        return Calibration.from_json(payload)
    except (json.JSONDecodeError, DeviceError) as error:
        raise DeviceError(f"{path}: {error}; delete it, or run protran device calibrate-power again") from error
