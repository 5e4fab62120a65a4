"""What the devices of a campaign can measure of energy and power, and whether anyone asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from device_agents.meters.discovery import discover
from device_agents.meters.reports import SensorState, best_meter
from device_agents.meters.spec import MeterKind, MeterSpec
from protran.config import SENSOR_OBJECTIVES, CampaignConfig
from protran.devices import LOCAL, fleet_among, fleet_device, simulated_among
from protran.errors import InputError
from protran.quantities import Quantity


def local_meter() -> MeterSpec:
    """Returns the best power sensor that this machine has; none where it has none."""
    return best_meter(discover())


def usual_quantities(config: CampaignConfig) -> tuple[Quantity, ...]:
    """Returns what `objectives: auto` adds of energy and power: both, where every device is simulated.

    On real devices they must be named: a profile with an energy pass takes about a minute longer.
    """
    return SENSOR_OBJECTIVES if simulated_among(config.devices) == config.devices else ()


def meter_of(config: CampaignConfig) -> MeterSpec:
    """Returns this machine's sensor if an objective or a budget needs it, else none.

    Raises:
        InputError: one of them needs it, and there is none.
    """
    asked = [quantity for quantity, device in _asked(config) if quantity in SENSOR_OBJECTIVES and device == LOCAL]
    if not asked:
        return MeterSpec()
    meter = local_meter()
    if meter.kind is MeterKind.NONE:
        raise InputError(
            f"{asked[0].short_name} cannot be measured on {LOCAL!r}: no usable power sensor; leave it out, or "
            f"see `protran doctor` for what is missing"
        )
    return meter


def energy_devices(config: CampaignConfig) -> frozenset[str]:
    """Returns the names of the devices whose energy or power an objective or a budget is about.

    Raises:
        InputError: one of them is a device of the fleet without a usable sensor.
    """
    asked = {
        name
        for quantity, device in _asked(config)
        if quantity in SENSOR_OBJECTIVES
        for name in ([device] if device is not None else config.devices)
    }
    for name in fleet_among(sorted(asked)):
        sensors = fleet_device(name).facts.get("sensors") or []
        if not any(sensor.get("state") == SensorState.USABLE.value for sensor in sensors):
            raise InputError(
                f"energy and power cannot be measured on {name!r}: no usable sensor; leave them out, or see `protran "
                f"device doctor {name}` for what is missing"
            )
    return frozenset(asked)


def _asked(config: CampaignConfig) -> Iterator[tuple[Quantity, str | None]]:
    yield from ((objective.quantity, objective.device) for objective in config.objective_list())
    yield from ((budget.quantity, budget.device) for budget in config.budget_list())
