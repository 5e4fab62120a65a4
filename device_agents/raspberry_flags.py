"""The throttle flags of a Raspberry Pi's firmware."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from device_agents.meters.sysfs import text_or_empty

NODE = "sys/devices/platform/soc/soc:firmware/get_throttled"
COMMAND = ("vcgencmd", "get_throttled")
TIME_LIMIT_S = 2.0
FLAGS = ("under-voltage", "clock capped", "throttled", "soft temperature limit")
"""By bit: 0 to 3 say that it is so now, 16 to 19 that it was so since the start.

Source: https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
"""
_SINCE_START = 16
_ANSWER = re.compile(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})")


def firmware_flags(root: Path, ask: Callable[[], str] | None = None) -> tuple[tuple[str, ...], dict[str, int]] | None:
    """Returns the flags that hold now, and 1 or 0 for each that held since the start or not; None elsewhere.

    Args:
        root: where the machine's file system starts.
        ask: returns what `vcgencmd get_throttled` prints; only used on a Raspberry Pi whose kernel has no file for it.
    """
    text = text_or_empty(root / NODE)
    if not text and text_or_empty(root / "proc/device-tree/model").startswith("Raspberry Pi"):
        text = (ask or ask_firmware)()
    match = _ANSWER.fullmatch(text.strip())
    if match is None:
        return None
    bits = int(match.group(1), 16)
    now = tuple(flag for bit, flag in enumerate(FLAGS) if bits >> bit & 1)
    return now, {f"firmware flag {flag}": bits >> (_SINCE_START + bit) & 1 for bit, flag in enumerate(FLAGS)}


def ask_firmware() -> str:
    """Returns what `vcgencmd get_throttled` prints; an empty text where it cannot be run or takes too long."""
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
