from __future__ import annotations

import subprocess
import sys

import pytest

from protran.errors import InputError
from protran.objectives import Direction, Objective, Quantity, objectives_for


def test_an_objective_knows_its_unit_and_name() -> None:
    objective = Objective(Quantity.LATENCY_S, "local")
    assert (objective.name, objective.unit, objective.direction) == ("latency_s", "s", Direction.MINIMISE)


def test_the_name_says_the_device_only_where_there_are_several() -> None:
    assert [objective.name for objective in objectives_for(["error", "latency"], ["local"])] == ["error", "latency_s"]
    several = objectives_for(["error", "latency", "energy@b"], ["a", "b"])
    assert [objective.name for objective in several] == ["error", "latency_s@a", "latency_s@b", "energy_j@b"]


def test_an_objective_as_json_follows_the_schema_of_a_front() -> None:
    assert objectives_for(["latency"], ["rpi"])[0].to_json() == {
        "name": "latency_s",
        "device": "rpi",
        "unit": "s",
        "direction": "minimise",
    }


def test_a_unit_that_is_not_the_quantitys_own_is_refused() -> None:
    with pytest.raises(InputError, match="unit must be s, got 'ms'"):
        Objective(Quantity.LATENCY_S, unit="ms")


def test_a_quantity_that_depends_on_no_device_takes_none() -> None:
    with pytest.raises(InputError, match="depends on no device"):
        Objective(Quantity.PARAMETERS, "local")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["speed"], "objective 'speed': quantity must be one of"),
        (["test_error"], "reported, never chosen by"),
        (["error", "error"], "objective 'error' is given twice"),
        (["latency", "latency_s"], "objective 'latency_s' is given twice"),
        (["latency@moon"], "device must be one of local; got 'moon'"),
        (["error@local"], "error depends on no device"),
        ([], "at least one objective"),
    ],
)
def test_objectives_that_make_no_sense_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        objectives_for(names, ["local"])


def test_importing_objectives_loads_neither_torch_nor_pydantic() -> None:
    heavy = "{'torch', 'pydantic', 'sqlalchemy', 'numpy'}"
    code = f"import sys, protran, protran.objectives; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
