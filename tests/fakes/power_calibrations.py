"""Calibrations of machines that are not there."""

from device_agents.power_calibration.calibration import Calibration
from device_agents.power_calibration.plateau import Plateau, PlateauWatts
from device_agents.power_calibration.power_model import fit_power

IDENTITY = "0123456789abcdef"


def make_calibration(watts=(4.0, 6.0, 8.0, 8.0), duration_s=120.0, hold_out=Plateau.MEMORY_BOUND, **changes):
    """Returns the calibration of a two-core machine that draws 4 W idle and 2 W per busy core, or of another."""
    points = tuple(
        PlateauWatts(plateau, cores, power_w, duration_s)
        for plateau, cores, power_w in zip(Plateau, (0.0, 1.0, 2.0, 2.0), watts, strict=True)
    )
    fields = {"identity": IDENTITY, "processor": "Test", "date": "2026-11-26T12:00:00+00:00", "plug_meter": "Plug 1"}
    return Calibration(**{**fields, **changes}, points=points, fit=fit_power(points, hold_out))
