from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from invented_campaign import run_invented

from protran.campaign.charter import read_charter
from protran.campaign.page.reproduce import _short_command, reproduction
from protran.config import CampaignConfig, config_from_arguments
from protran.ledger.ledger import Ledger

BASE = {"name": "demo", "space": "edge-small", "task": "watch", "effort": "demo"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"budgets": ["latency<=3ms", "accuracy>=80%"], "seed": 7, "devices": ["sim:rpi4", "sim:rpi5"]},
        {"objectives": ["error", "memory"], "effort": "quick", "deploy": ["int8"], "distil": True},
    ],
)
def test_a_command_of_options_says_the_whole_configuration(fields: dict[str, object], tmp_path: Path) -> None:
    config = config_from_arguments({**BASE, **fields})
    words = shlex.split(_short_command(config) or "")
    assert words[:4] == ["protran", "search", "--name", "demo"]
    given = {"devices": [], "budgets": [], "objectives": [], "deploy": []}
    places = {"--device": "devices", "--budget": "budgets", "--objective": "objectives", "--deploy": "deploy"}
    plain = {"--name": "name", "--space": "space", "--task": "task", "--effort": "effort", "--seed": "seed"}
    read: dict[str, object] = {"distil": "--distil" in words}
    for option, value in pairwise(words):
        if option in places:
            given[places[option]].append(value)
        elif option in plain:
            read[plain[option]] = int(value) if option == "--seed" else value
    kept = {name: values for name, values in given.items() if values}
    assert config_from_arguments({**read, **kept}) == config


@pytest.mark.parametrize(
    "fields", [{"effort": {"preset": "demo", "verify_limit": 2}}, {"proposer": "random"}, {"space": {"name": "own"}}]
)
def test_what_options_cannot_say_is_left_to_the_file(fields: dict[str, object]) -> None:
    assert _short_command(config_from_arguments({**BASE, **fields})) is None


def test_the_file_is_the_configuration_itself(tmp_path: Path) -> None:
    with Ledger.open(run_invented(tmp_path, jobs=1), read_only=True) as ledger:
        record = ledger.campaign("invented")
    problem = read_charter(record.config)
    found = reproduction(problem, record)
    assert CampaignConfig.from_json(found["config"]) == problem.config
    assert (found["command"], found["file_command"]) == (None, "protran search campaign.yaml")
    assert (found["seed"], found["verification_seeds"]) == (0, [1, 2])
    assert found["task"]["name"] == "watch"
