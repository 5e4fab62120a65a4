from __future__ import annotations

from typing import Any

import pytest

from protran.config import CampaignConfig, ProposerKind, Reuse, config_from_arguments
from protran.errors import ConfigError
from protran.objectives import Quantity


def arguments(**changes: Any) -> dict[str, Any]:
    return {"name": "demo", "space": "edge-small", "task": "watch", **changes}


def test_three_fields_are_enough() -> None:
    config = config_from_arguments(arguments())
    assert config.devices == ["local"]
    assert config.task.source == "watch"
    assert (config.proposer, config.reuse, config.seed) == (ProposerKind.GRADIENT, Reuse.NONE, 0)
    assert [objective.name for objective in config.objective_list()] == ["error", "latency_s", "memory_bytes"]


def test_sensors_join_the_automatic_objectives() -> None:
    config = config_from_arguments(arguments(devices=["a", "b"]))
    names = [objective.name for objective in config.objective_list({Quantity.ENERGY_J})]
    assert names == ["error", "latency_s@a", "latency_s@b", "memory_bytes", "energy_j@a", "energy_j@b"]


def test_objectives_that_the_user_chose_stay_whatever_the_sensors() -> None:
    config = config_from_arguments(arguments(objectives="error, parameters"))
    assert [item.name for item in config.objective_list({Quantity.ENERGY_J})] == ["error", "parameters"]


def test_a_configuration_survives_json() -> None:
    config = config_from_arguments(
        arguments(
            task={"source": "windows.csv", "options": {"label": "y"}},
            space={"name": "mine", "layers": [1, 2]},
            budgets=["latency<=20ms"],
            workload={"batch_size": 4},
            effort={"preset": "demo", "seed_candidates": 4},
            seed=7,
        )
    )
    assert CampaignConfig.from_json(config.to_json()) == config


def test_an_argument_that_is_not_given_keeps_its_default() -> None:
    assert config_from_arguments(arguments(seed=None, budgets=None)) == config_from_arguments(arguments())


def test_budgets_are_for_the_campaigns_devices() -> None:
    config = config_from_arguments(arguments(devices=["a", "b"], budgets=["latency@b<=1ms"]))
    assert [budget.name for budget in config.budget_list()] == ["latency_s@b"]


def test_objectives_and_budgets_may_be_on_a_simulated_device() -> None:
    fields = {"objectives": "error, energy@sim:rpi4", "budgets": ["latency@sim:a100 <= 1ms"]}
    config = config_from_arguments(arguments(devices=["sim:rpi4", "sim:a100"], **fields))
    assert [objective.name for objective in config.objective_list()] == ["error", "energy_j@sim:rpi4"]
    assert [budget.name for budget in config.budget_list()] == ["latency_s@sim:a100"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budgets": ["latency<=20 parsecs"]}, r"^budget 'latency<=20 parsecs': unit of latency must be one of"),
        ({"budgets": ["latency@x<=2ms"]}, r"^budget 'latency@x<=2ms': device must be one of local; got 'x'$"),
        ({"objectives": ["speed"]}, r"^objective 'speed': quantity must be one of"),
        ({"name": "../up"}, r"^the campaign's name must be"),
        ({"devices": ["a/b"]}, r"^a device's name must be"),
        ({"devices": ["sim:xyz"]}, r"^a simulated device must be one of sim:rpi4, .*; got 'sim:xyz'$"),
        ({"devices": ["a", "a"]}, r"^devices must differ, got a, a$"),
        ({"devices": []}, r"^devices: "),
        ({"seed": -1}, r"^seed: expected a number greater than or equal to 0, got -1$"),
        ({"effort": "fast"}, r"^effort.preset: expected 'demo', 'quick' or 'standard', got 'fast'$"),
        ({"effort": {"rounds": 3}}, r"^effort.rounds: unknown field; known are preset, seed_candidates"),
        ({"gene": 3}, r"^gene: unknown field; known are name, space, task"),
        ({"task": None}, r"^task: this field is missing$"),
        ({"workload": {"batch_size": 3, "micro_batches": 3}}, r"^workload: micro_batches belong to a training step"),
        ({"task": {"source": "w.csv", "column": 3}}, r"^task.column: unknown field; known are source, options$"),
        ({"task": {"source": "w.csv", "options": 3}}, r"^task.options: expected a valid dictionary, got 3$"),
        ({"name": ["x" * 100]}, r"^name: expected a valid string, got \['x+…$"),
        ({"reuse": "some"}, r"^reuse: expected 'none', 'device' or 'all', got 'some'$"),
        ({"seed": -1, "reuse": "some"}, r"\(and 1 more wrong field\)$"),
        ({"deploy": ["int8", "prune"]}, r"^deploy: expected fp32, .*, got 'prune'; did you mean pruned\?$"),
        ({"deploy": 8}, r"^deploy: expected a valid list, got 8$"),
        (
            {"deploy": ["pruned", "mixed"], "workload": {"kind": "training-step"}},
            r"^deploy: expected words that torch runs beside a workload of training steps .*, got mixed; leave it out",
        ),
        ({"distil": "best"}, r"^distil: expected a valid boolean, got 'best'$"),
        ({"distil": True, "effort": "10 evaluations"}, r"^distil: expected an effort whose search trains some models"),
        ({"distil": True, "effort": {"search_promotions": 0}}, r"^distil: expected an effort whose search trains"),
    ],
)
def test_a_wrong_field_is_one_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        config_from_arguments(arguments(**changes))
    assert "\n" not in str(caught.value)


def test_ways_of_deployment_may_be_a_list_or_words_with_commas_and_have_one_order() -> None:
    config = config_from_arguments(arguments(deploy="pruned, int8,pruned"))
    assert config.deploy == ["int8", "pruned"]
    assert config == config_from_arguments(arguments(deploy=["int8", "pruned"]))
    assert [word.value for word in config.deploy_list()] == config.deploy


def test_a_configuration_that_says_nothing_of_deployment_adds_nothing_and_does_not_distil() -> None:
    config = config_from_arguments(arguments())
    assert (config.deploy, config.deploy_list(), config.distil) == ([], (), False)


def test_training_steps_can_be_of_what_torch_runs() -> None:
    fields = {"deploy": ["pruned", "bf16"], "workload": {"kind": "training-step"}}
    assert config_from_arguments(arguments(**fields)).deploy == ["bf16", "pruned"]
