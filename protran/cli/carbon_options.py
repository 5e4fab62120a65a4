"""Options about carbon that commands share: whose grid feeds the devices, and when it is clean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.errors import InputError

if TYPE_CHECKING:
    from protran.carbon.grid import Grid
    from protran.carbon.hours import LowHours

CountryOption = Annotated[
    str | None, typer.Option(metavar="DE", help="Say grams of CO2e, by this grid: a code or an English name.")
]
GridIntensityOption = Annotated[
    float | None,
    typer.Option(
        "--grid-intensity", "--g-per-kwh", metavar="G", help="Grams of CO2e per kilowatt-hour, where you know better."
    ),
]
PueOption = Annotated[
    float | None, typer.Option(metavar="P", help="Power usage effectiveness of the building. (default: 1)")
]
CarbonScheduleOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Work in the low-carbon hours only: a CSV file with the columns hour and g_per_kwh."
    ),
]
CarbonHoursOption = Annotated[
    int | None, typer.Option(metavar="N", help="How many hours of the day are low enough, 1 to 24. (default: 8)")
]
CarbonZoneOption = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE", help="Time zone of the file's hours, such as Europe/Berlin. (default: this machine's own)"
    ),
]


def named_grid(country: str | None, grid_intensity: float | None, pue: float | None) -> Grid | None:
    """Returns the grid that the options name, or None where they name none.

    Raises:
        InputError: they name two, or a building without a grid, or one of the figures cannot be.
    """
    from protran.carbon.grid import Grid
    from protran.carbon.intensity import country_intensity, own_intensity

    if country is not None and grid_intensity is not None:
        raise InputError("expected --country or --grid-intensity, got both; leave one out")
    if country is None and grid_intensity is None:
        if pue is not None:
            raise InputError("--pue needs a grid, got none; add --country or --grid-intensity")
        return None
    intensity = own_intensity(grid_intensity) if grid_intensity is not None else country_intensity(country or "")
    return Grid(intensity, 1.0 if pue is None else pue)


def low_hours(schedule: Path | None, hours: int | None, zone: str | None) -> LowHours | None:
    """Returns the hours that the options name, or None where work may begin in any.

    Raises:
        InputError: the file is no schedule, or an option is out of range or without a file.
    """
    from protran.carbon.hours import USUAL_HOURS, read_low_hours

    if schedule is not None:
        return read_low_hours(schedule, USUAL_HOURS if hours is None else hours, zone)
    lonely = "--carbon-hours" if hours is not None else "--carbon-zone" if zone is not None else None
    if lonely is not None:
        raise InputError(f"{lonely} needs a file of hours, got none; add --carbon-schedule FILE")
    return None
