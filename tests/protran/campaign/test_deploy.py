"""Campaigns that were asked for ways of deployment, on an invented device and trainer."""

from __future__ import annotations

import dataclasses

import pytest
from invented_dispatcher import InventedDispatcher

from protran.campaign import charter as module
from protran.campaign.charter import check_same, read_charter, write_charter
from protran.campaign.problem import Device
from protran.config import config_from_arguments
from protran.errors import InputError
from protran.report.architecture_line import candidate_line
from search_spaces.deployment import Deployment
from search_spaces.errors import SpaceError
from search_spaces.space import load_space

GIVEN = {"name": "x", "space": "edge-small", "task": "watch"}


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch):
    monkeypatch.setattr(module, "check_runtimes", lambda config: None)


class _Fast(InventedDispatcher):
    """A device on which int8 models take a fifth of the time."""

    def __init__(self) -> None:
        super().__init__()
        self._int8: set[str] = set()

    def submit(self, job) -> None:
        request = getattr(job, "request", None)
        if request is not None and request.candidate.deployment.precision.is_int8:
            self._int8.add(job.job_id)
        super().submit(job)

    def next_result(self, timeout_s):
        result = super().next_result(timeout_s)
        if result is None or result.job_id not in self._int8:
            return result
        slow = result.measurement.values["latency_s"]
        quick = dataclasses.replace(slow, value=slow.value / 5, stderr=slow.stderr / 5)
        return dataclasses.replace(
            result, measurement=dataclasses.replace(result.measurement, values={"latency_s": quick})
        )


def _charter(**fields):
    return write_charter(config_from_arguments({**GIVEN, **fields}), [Device("local", "0123")])


def test_the_charter_holds_the_widened_space_whole() -> None:
    space = read_charter(_charter(deploy=["int8", "pruned"])).space
    assert len(space.deployments) == 3
    assert space.head_sparsity == (0.0, 0.25, 0.5)
    assert dataclasses.replace(
        space, deployments=(Deployment(),), head_sparsity=(0.0,), feed_forward_sparsity=(0.0,)
    ) == load_space("edge-small")


def test_without_words_the_charter_is_of_the_space_itself() -> None:
    assert _charter()["space"] == load_space("edge-small").to_json()


def test_an_older_charter_that_says_nothing_of_deployment_or_distillation_stays_readable() -> None:
    charter = _charter()
    for field in ("deploy", "distil"):
        del charter["config"][field]
    problem = read_charter(charter)
    assert (problem.config.deploy, problem.config.distil, problem.distilled) == ([], False, None)
    check_same(config_from_arguments(GIVEN), charter)


@pytest.mark.parametrize("change", [{"deploy": ["int8"]}, {"distil": True}])
def test_a_campaign_goes_on_only_as_it_was_begun(change) -> None:
    with pytest.raises(InputError, match=f"was begun with {next(iter(change))} "):
        check_same(config_from_arguments({**GIVEN, **change}), _charter())
    check_same(config_from_arguments({**GIVEN, **change}), _charter(**change))


def test_decoders_cannot_be_pruned() -> None:
    with pytest.raises(SpaceError, match="holds decoders"):
        module._space(config_from_arguments({**GIVEN, "space": "gpt-small", "deploy": ["pruned"]}))


def test_deployments_that_dominate_are_proposed_by_the_search_and_end_on_the_front(bench) -> None:
    front = bench.run(_Fast(), deploy=["int8", "pruned"], proposer="gradient", objectives=["error", "latency"])
    with bench.ledger() as ledger:
        _, record = bench.begin(ledger)
        steps = [step for step in ledger.steps(record.id) if step.phase == "search"]
    proposed = [candidate.deployment for step in steps for candidate in step.proposals]
    assert sum(deployment.precision.is_int8 for deployment in proposed) > len(proposed) / 2
    assert any(member.candidate.deployment.layers for member in front.candidates)
    quickest = min(front.candidates, key=lambda member: member.number("latency_s"))
    assert quickest.candidate.deployment.precision.is_int8
    assert "int8" in candidate_line(quickest.candidate)
