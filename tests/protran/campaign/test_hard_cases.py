"""Campaigns by gradient that have next to nothing to search by: the answer is clear, and nothing is raised."""

from __future__ import annotations

import dataclasses

from invented_dispatcher import InventedDispatcher

from device_agents.fleet.base import JobResult, TaskJob
from device_agents.measurement import Value
from search_spaces.cost import count_candidate
from search_spaces.sampling import SamplingMethod, sample

EFFORT = {
    "seed_candidates": 6,
    "learn_profiles": 2,
    "learn_batch": 2,
    "search_rounds": 2,
    "search_batch": 2,
    "verify_limit": 3,
    "verify_seeds": 2,
}
ASKED = {"effort": EFFORT, "proposer": "gradient"}


class Constant(InventedDispatcher):
    """A device on which everything takes as long."""

    def next_result(self, timeout_s: float) -> JobResult | None:
        result = super().next_result(timeout_s)
        if result is None or result.measurement is None:
            return result
        values = {"latency_s": Value(1e-3, 1e-5, result.measurement.values["latency_s"].provenance)}
        return dataclasses.replace(result, measurement=dataclasses.replace(result.measurement, values=values))


def no_training(job, answered: int) -> str | None:
    return "the loss is not finite" if isinstance(job, TaskJob) else None


def test_where_all_trainings_fail_the_front_is_empty_and_says_why(bench) -> None:
    front = bench.run(InventedDispatcher(no_training), **ASKED)
    assert front.candidates == ()
    assert any("could not be trained, for example: the loss is not finite" in note for note in front.notes)


def test_an_objective_that_never_varies_hides_no_other(bench) -> None:
    front = bench.run(Constant(), **ASKED)
    errors = [member.number("error") for member in front.candidates]
    assert {member.number("latency_s") for member in front.candidates} == {1e-3}
    assert errors == sorted(errors)


def test_budgets_that_exclude_each_other_give_no_front_and_the_nearest_misses(bench) -> None:
    front = bench.run(budgets=["accuracy>=94%", "latency<=101us"], **ASKED)
    assert front.candidates == ()
    assert front.nearest_misses
    assert all(set(miss.excess) <= {"error", "latency_s"} for miss in front.nearest_misses)


def test_the_one_candidate_that_keeps_the_budgets_is_found(bench) -> None:
    genes = {"layers": [1], "hidden": [16], "heads": [2], "head_kinds": ["l_dft"], "stacks": [1]}
    sizes = {"name": "two sizes", "feed_forward": [16, 64]}
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger, "both", space={**genes, **sizes})
    both = sample(problem.space, problem.space.size, SamplingMethod.SOBOL, 0)
    small, large = sorted(
        (count_candidate(candidate, problem.input_spec).parameters, candidate.key) for candidate in both
    )
    front = bench.run(name="one", space={**genes, **sizes}, budgets=[f"parameters<={large[0] - 1}"], **ASKED)
    assert [member.candidate.key for member in front.candidates] == [small[1]]
