"""What `protran monitor` says of a program that has ended: a few lines, or one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from device_agents.meters.energy_range import EnergyRange
from protran.carbon.footprint import Footprint, Stage
from protran.cli.child_program import ProgramRun
from protran.units import Unit, format_value

_GRAMS = ((1e3, "kg"), (1.0, "g"), (1e-3, "mg"), (1e-6, "ug"))


@dataclass(frozen=True)
class GpuEnergy:
    """What is known of the GPUs alone; no part of the machine's energy, and never added to it.

    Attributes:
        energy: a reading, while the program ran.
        source: the sensor; where the energy is unavailable, why.
        footprint: its emission; None where no grid was named.
    """

    energy: EnergyRange
    source: str
    footprint: Footprint | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"gpu_energy_j", "provenance", "source", "carbon"}``."""
        return {
            "gpu_energy_j": self.energy.high_j,
            "provenance": self.energy.provenance.value,
            "source": self.source,
            "carbon": self.footprint.to_json() if self.footprint else None,
        }

    def lines(self) -> tuple[str, ...]:
        """Returns a line for the energy, and one for the emission where a grid was named."""
        energy = f"  GPU     {_shown(self.energy, self.source)}"
        return (energy,) if self.footprint is None else (energy, f"  GPU CO2e  {_emitted(self.footprint)}")


@dataclass(frozen=True)
class MonitorSummary:
    """What is known of one program.

    Attributes:
        command: the program and its arguments.
        run: what it used.
        energy: of the device while it ran.
        energy_source: the sensor or the estimate; where energy is unavailable, why.
        footprint: its emission; None where no grid was named.
        gpu: the GPUs alone; None where nobody asked.
    """

    command: tuple[str, ...]
    run: ProgramRun
    energy: EnergyRange
    energy_source: str
    footprint: Footprint | None
    gpu: GpuEnergy | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns one JSON object: the command, the attributes of the run, `energy` and its source, `carbon`, `gpu`."""
        return {
            "command": list(self.command),
            **asdict(self.run),
            "energy": {**self.energy.to_json(), "source": self.energy_source},
            "carbon": self.footprint.to_json() if self.footprint else None,
            "gpu": self.gpu.to_json() if self.gpu else None,
        }

    def lines(self) -> Sequence[str]:
        """Returns the lines for a person."""
        energy = f"  energy  {_shown(self.energy, self.energy_source)}"
        return (self._usage(), energy, f"  CO2e    {self._carbon()}", *(self.gpu.lines() if self.gpu else ()))

    def _usage(self) -> str:
        run = self.run
        ended = f"ended by {run.signal_name}" if run.signal_name else f"exit code {run.exit_code}"
        peak = f"{'at most ' if run.peak_rss_at_most else ''}{format_value(run.peak_rss_bytes, Unit.BYTE)}"
        return (
            f"protran monitor: {ended}, wall {format_value(run.wall_s, Unit.SECOND)}, "
            f"{run.core_seconds:.3g} core-seconds, peak RSS {peak}"
        )

    def _carbon(self) -> str:
        if self.footprint is None:
            return "unavailable: no grid named; --country DE or --grid-intensity G does"
        return _emitted(self.footprint)


def format_grams(grams: float) -> str:
    """Returns a mass for people, three digits in the unit that suits its size: ``1.23 mg``."""
    for size, symbol in _GRAMS:
        if float(f"{grams:.3g}") >= size:
            return f"{grams / size:.3g} {symbol}"
    return f"{grams / 1e-6:.3g} ug" if grams else "0 g"


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _shown(energy: EnergyRange, source: str) -> str:
    if energy.low_j is None or energy.high_j is None:
        return f"unavailable: {source}"
    low, high = (format_value(end, Unit.JOULE) for end in (energy.low_j, energy.high_j))
    return f"{_between(low, high)}, {energy.provenance.value}: {source}"


def _emitted(footprint: Footprint) -> str:
    emission = footprint.emission(Stage.PROGRAM)
    if emission.low_g is None or emission.high_g is None:
        return "unavailable: no energy"
    grid = footprint.intensity
    year = f", {grid.year}" if grid.year else ""
    return (
        f"{_between(format_grams(emission.low_g), format_grams(emission.high_g))}, {emission.provenance.value}: "
        f"{grid.g_per_kwh:g} g/kWh ({grid.place}{year}), PUE {footprint.pue:g}"
    )
