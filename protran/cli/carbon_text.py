"""Energy and grams of CO2e in words: a figure or a range with its provenance, or unavailable and why."""

from __future__ import annotations

from device_agents.meters.energy_range import EnergyRange
from protran.carbon.footprint import Emission
from protran.carbon.grid import Grid
from protran.cli.monitor_summary import format_grams
from protran.units import Unit, format_value


def energy_text(energy: EnergyRange, source: str) -> str:
    """Returns ``1 J to 30 J, estimated-generic: source``; `source` says why where energy is unavailable."""
    if energy.low_j is None or energy.high_j is None:
        return f"unavailable: {source}"
    low, high = format_value(energy.low_j, Unit.JOULE), format_value(energy.high_j, Unit.JOULE)
    return f"{_between(low, high)}, {energy.provenance.value}: {source}"


def emission_text(emission: Emission, otherwise: str = "no energy") -> str:
    """Returns ``8.3 mg to 248 mg, estimated-generic``; `otherwise` says why where it is unavailable."""
    if emission.low_g is None or emission.high_g is None:
        return f"unavailable: {otherwise}"
    return f"{_between(format_grams(emission.low_g), format_grams(emission.high_g))}, {emission.provenance.value}"


def grid_text(grid: Grid) -> str:
    """Returns ``380.95 g/kWh (Germany, 2023), PUE 1``."""
    intensity = grid.intensity
    year = f", {intensity.year}" if intensity.year else ""
    return f"{intensity.g_per_kwh:g} g/kWh ({intensity.place}{year}), PUE {grid.pue:g}"


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
