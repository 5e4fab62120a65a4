"""Resident memory of this process, as the kernel counts it."""

from __future__ import annotations

from pathlib import Path

PROCESS = Path("/proc/self")
_RESET_PEAK = "5"  # Source: proc_pid_clear_refs(5): resets the peak resident set size to the current one


def resident_bytes(process: Path = PROCESS) -> int | None:
    """Returns the resident set size now; None where the system does not say (no /proc)."""
    return _status(process, "VmRSS")


def peak_resident_bytes(process: Path = PROCESS) -> int | None:
    """Returns the largest resident set size since the process began or `reset_peak`; None where unknown."""
    return _status(process, "VmHWM")


def reset_peak(process: Path = PROCESS) -> None:
    """Makes the peak start again from the current size, where the system can (Linux; elsewhere nothing happens)."""
    try:
        (process / "clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return


def _status(process: Path, name: str) -> int | None:
    try:
        lines = (process / "status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024  # the kernel says kB and means KiB
    return None
