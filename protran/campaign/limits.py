"""When the search has used what the effort allows: minutes, or grams of CO2e."""

from __future__ import annotations

from collections.abc import Callable

from protran.campaign.usage import CampaignUsage
from protran.carbon.footprint import Emission, Footprint
from protran.carbon.grid import Grid
from protran.carbon.intensity import country_intensity, own_intensity
from protran.config import CampaignConfig
from protran.errors import CampaignError, InputError
from protran.grid_config import GridConfig

NO_ENERGY = (
    "no sensor sees the energy of trainings, so an effort in grams of CO2e cannot be kept; allow estimates from "
    "core-seconds with --estimate-energy (in a file: grid: {estimate_energy: true}), or give minutes or evaluations"
)


def check_limits(config: CampaignConfig) -> None:
    """Refuses an effort that cannot be kept.

    Raises:
        InputError: it is in grams, and energy is neither seen by a sensor nor may be estimated; or nobody knows the
            grid of the country.
    """
    if config.grid is not None:
        grid_of(config.grid)
    if config.effort.co2e_g is not None and (config.grid is None or not config.grid.estimate_energy):
        raise InputError(f"effort of {config.effort.co2e_g:g} g CO2e: {NO_ENERGY}")


def spent(config: CampaignConfig, elapsed_s: float, usage: Callable[[], CampaignUsage]) -> str | None:
    """Returns how much of which limit is used where one is used up, or None.

    Args:
        config: holds the limits.
        elapsed_s: seconds of work so far.
        usage: reads what was used; called only where grams are limited.

    Raises:
        CampaignError: grams are limited, and something ran whose energy nobody knows.
    """
    effort = config.effort
    if effort.minutes is not None and elapsed_s > 60 * effort.minutes:
        return f"{elapsed_s / 60:.3g} of {effort.minutes:g} minutes are used"
    if effort.co2e_g is None:
        return None
    emission = emitted(config, usage())
    if emission is None:  # nothing ran yet
        return None
    if emission.high_g is None:
        raise CampaignError(f"effort of {effort.co2e_g:g} g CO2e: {NO_ENERGY}")
    if emission.high_g < effort.co2e_g:
        return None
    return (
        f"{emission.low_g:.3g} to {emission.high_g:.3g} of {effort.co2e_g:g} g CO2e are used "
        f"({emission.provenance.value})"
    )


def grid_of(named: GridConfig) -> Grid:
    """Returns the grid that a configuration names. Raises `InputError` where nobody knows the country's."""
    known = own_intensity(named.intensity) if named.intensity is not None else country_intensity(named.country or "")
    return Grid(known, named.pue)


def emitted(config: CampaignConfig, usage: CampaignUsage) -> Emission | None:
    """Returns the emission of all that a campaign ran by now; None where that is nothing, or no grid is named."""
    if config.grid is None:
        return None
    energies = {
        stage: used.energy(estimate=config.grid.estimate_energy) for stage, used in usage.stages.items() if used.jobs
    }
    grid = grid_of(config.grid)
    return Footprint(energies, grid.intensity, grid.pue).total() if energies else None
