"""The power rails that the chips of the kernel's hwmon class measure, and which of them make up the whole board."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device_agents.errors import DeviceError
from device_agents.meters.sysfs import ROOT, read_number, shown, text_or_empty

HWMON = "sys/class/hwmon"
WHOLE_BOARD = ("VDD_IN", "POM_5V_IN", "VIN")
"""Labels of the rail that feeds all others on Jetson boards (NX, TX2, Orin; Nano, TX1; Thor).

Source: https://github.com/rbonghi/jetson_stats/issues/51 and /pull/900
"""
_INA3221_CHANNELS = 3  # its curr4 is a sum, and in4 and later are shunt voltages
_MEASURES = re.compile(r"(?:energy(\d+)_input|power(\d+)_(?:input|average)|curr(\d+)_input)")


@dataclass(frozen=True)
class Rail:
    """One measured supply.

    Attributes:
        label: its name, from the device tree or made of the chip's name and the channel.
        chip_name: the chip's driver, for example `ina3221`.
        chip: the chip's folder.
        energy: file with a count of microjoules; None where the chip does not count.
        power: files whose product is the power: one of microwatts, or milliamperes and millivolts; empty without.
    """

    label: str
    chip_name: str
    chip: Path
    energy: Path | None
    power: tuple[Path, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that must be readable."""
        return self.power if self.energy is None else (self.energy, *self.power)

    @property
    def of_board(self) -> bool:
        """Whether its chip is one that boards carry to measure their own supply."""
        return self.chip_name.startswith("ina") or self.chip_name == "power_meter"

    def read_j(self) -> float:
        """Returns the count of joules. Raises `DeviceError` where there is none."""
        if self.energy is None:
            raise DeviceError(f"rail {self.label} has no energy counter; read its power")
        return read_number(self.energy) * 1e-6

    def read_w(self) -> float:
        """Returns the power in watts: microwatts, or milliamperes times millivolts. Raises `DeviceError`."""
        value = 1e-6
        for path in self.power:
            value *= read_number(path)
        return value


def find_rails(root: Path = ROOT) -> list[Rail]:
    """Returns every rail of every chip that measures energy, power or current, in the order of chips and channels.

    Source: https://docs.kernel.org/hwmon/sysfs-interface.html
    """
    return [rail for chip in sorted((root / HWMON).glob("hwmon*")) for rail in _rails_of(chip)]


def choose_rails(rails: Sequence[Rail], labels: Sequence[str] = ()) -> list[Rail]:
    """Returns the rails to add up: those with the given labels, or else the whole board once.

    The whole board is the one rail that feeds the others, where there is one, or else all rails of the board's own
    chips. Graphics cards and batteries are no board; their rails must be asked for.

    Raises:
        DeviceError: a label is on no rail.
    """
    missing = [label for label in labels if all(rail.label != label for rail in rails)]
    if missing:
        known = ", ".join(rail.label for rail in rails) or "no rail at all"
        raise DeviceError(f"expected a power rail called {missing[0]!r}, found {known}; name one of these")
    if labels:
        return [rail for rail in rails if rail.label in labels]
    board = [rail for rail in rails if rail.of_board]
    whole = [rail for rail in board if rail.label in WHOLE_BOARD or rail.chip_name == "power_meter"]
    return whole[:1] or board


def place_of(root: Path) -> str:
    """Returns where the chips would be, for messages."""
    return shown(root / HWMON, root)


def _rails_of(chip: Path) -> list[Rail]:
    name = text_or_empty(chip / "name") or chip.name
    found = [_MEASURES.fullmatch(path.name) for path in chip.glob("*")]
    channels = sorted({int(next(filter(None, match.groups()))) for match in found if match})
    if name == "ina3221":
        channels = [channel for channel in channels if channel <= _INA3221_CHANNELS]
    rails = [_rail(chip, name, channel) for channel in channels]
    return [rail for rail in rails if rail is not None]


def _rail(chip: Path, name: str, channel: int) -> Rail | None:
    """Returns the rail of one channel; None where it is off, not connected, or lacks a voltage."""
    labels = [text_or_empty(chip / f"{kind}{channel}_label") for kind in ("energy", "power", "curr", "in")]
    label = next(filter(None, labels), f"{name} {channel}")
    if label == "NC" or text_or_empty(chip / f"in{channel}_enable") == "0":
        return None
    energy = chip / f"energy{channel}_input"
    choices = (
        (chip / f"power{channel}_input",),
        (chip / f"power{channel}_average",),
        (chip / f"curr{channel}_input", chip / f"in{channel}_input"),
    )
    power = next((paths for paths in choices if all(path.exists() for path in paths)), ())
    if not power and not energy.exists():
        return None
    return Rail(label, name, chip, energy if energy.exists() else None, power)
