from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest

from protran.budgets import Budget
from protran.cli.finish import example_budget, next_commands
from protran.ledger.place import place_for

Maker = Callable[..., dict[str, Any]]


def test_the_example_budget_is_met_by_some_candidate_of_the_front(front_document: Maker) -> None:
    document = front_document(5)
    text = example_budget(document)
    assert text == "latency<=3ms"
    budget = Budget.parse(text)
    assert any(budget.met_by(candidate["values"]["latency_s"]["value"]) for candidate in document["candidates"])


def test_the_example_budget_names_the_device_where_there_are_several(front_document: Maker) -> None:
    text = example_budget(front_document(5, objectives=("error", "latency@pi", "memory"), devices=("pi", "jetson")))
    assert text == "latency@pi<=3ms"


@pytest.mark.parametrize(
    ("objectives", "count"), [(("error",), 5), (("error", "latency_s"), 0), (("error", "energy_j"), 3)]
)
def test_there_is_no_example_where_nothing_is_known(
    front_document: Maker, objectives: tuple[str, ...], count: int
) -> None:
    assert example_budget(front_document(count, objectives)) is None


def test_next_commands_can_be_pasted_whatever_the_folder_is_called(front_document: Maker) -> None:
    commands = next_commands(front_document(3), "demo", place_for("my runs"))
    assert all(shlex.split(command)[0] == "protran" for command in commands)
    assert all("my runs" in shlex.split(command) for command in commands)


def test_a_peak_power_budget_can_be_read_back(front_document: Maker) -> None:
    text = example_budget(front_document(3, ("error", "peak_power_w")))
    assert text is not None
    assert Budget.parse(text).met_by(3.0)
