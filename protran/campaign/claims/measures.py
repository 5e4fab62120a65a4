"""What a claim compares: measures of cost, and how they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.campaign.problem import Problem
from protran.front import FrontCandidate
from protran.quantities import Quantity, value_name
from protran.units import Unit
from search_spaces.cost import count_candidate

WEIGHT_BYTES = "weight_bytes"


@dataclass(frozen=True)
class Measure:
    """One measure of cost.

    Attributes:
        name: the key of its value, with the SI unit.
        label: for people.
        less: how a smaller value is called, as in "3 times lower latency".
        more: how a larger one is.
        unit: its SI unit.
    """

    name: str
    label: str
    less: str
    more: str
    unit: Unit


MEASURES = (
    Measure(Quantity.LATENCY_S.value, "latency", "lower latency", "higher latency", Unit.SECOND),
    Measure(Quantity.ENERGY_J.value, "energy", "less energy", "more energy", Unit.JOULE),
    Measure(Quantity.PEAK_POWER_W.value, "peak power", "lower peak power", "higher peak power", Unit.WATT),
    Measure(Quantity.MEMORY_BYTES.value, "memory", "less memory", "more memory", Unit.BYTE),
    Measure(Quantity.PARAMETERS.value, "parameters", "fewer parameters", "more parameters", Unit.COUNT),
    Measure(WEIGHT_BYTES, "size of weights", "smaller weights", "larger weights", Unit.BYTE),
)


def measures_of(problem: Problem, known: FrontCandidate, device: str) -> Mapping[str, Value]:
    """Returns the value of each measure on a device, and of `error` and `test_error`; unavailable ones too.

    Args:
        problem: what the campaign is about.
        known: a candidate with its values.
        device: the name of the device.
    """
    several = device if len(problem.devices) > 1 else None
    names = {Quantity(measure.name): measure.name for measure in MEASURES if measure.name != WEIGHT_BYTES}
    names |= {quantity: quantity.value for quantity in (Quantity.ERROR, Quantity.TEST_ERROR)}
    values = {name: known.values.get(value_name(quantity, several), UNAVAILABLE) for quantity, name in names.items()}
    counted = count_candidate(known.candidate, problem.input_spec).weight_bytes
    return {**values, WEIGHT_BYTES: Value(float(counted), 0.0, Provenance.EXACT)}
