"""The versions that a device and its controller must share."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata


def own_software() -> dict[str, str]:
    """Returns the versions of Python, Ray and ProTran in this environment; empty text where one is not installed."""
    return {"python": platform.python_version(), "ray": _version("ray"), "protran": _version("protran")}


def differences(device: Mapping[str, str], controller: Mapping[str, str]) -> list[str]:
    """Returns one sentence for each version that keeps a device out.

    Ray needs the same minor version of Python and the same version of itself on both sides.
    """
    found = []
    theirs, ours = minor(device.get("python", "")), minor(controller["python"])
    if theirs != ours:
        found.append(
            f"expected Python {ours}, the controller's, got {theirs or 'none'}; make the device's environment with "
            f"python{ours}, and name the interpreter that runs models with --runner-python"
        )
    for name in ("ray", "protran"):
        if device.get(name, "") != controller[name]:
            found.append(
                f"expected {name} {controller[name]}, the controller's, got {device.get(name) or 'none'}; install that "
                f"version on the device"
            )
    return found


def minor(version: str) -> str:
    """Returns the first two numbers of a version."""
    return ".".join(version.split(".")[:2])


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
