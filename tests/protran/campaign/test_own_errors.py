from __future__ import annotations

import dataclasses
import math

import pytest
from finished_pair import known_pair

from protran.campaign.claims.difference import pooled_spread
from protran.campaign.fronts import known_candidates
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.own_errors import with_own_stderrs


@pytest.fixture
def known(tmp_path_factory: pytest.TempPathFactory) -> KnownCampaign:
    return known_pair(tmp_path_factory)[0]


def test_the_error_of_verified_scores_is_that_of_the_seeds_of_all(known) -> None:
    members = known_candidates(known.problem, known.findings, verified=True)
    found = with_own_stderrs(known.problem, known.findings, members, verified=True)
    seeds = known.problem.verify_seeds
    table = [known.findings.errors_by_seed(m.candidate, known.problem.full, seeds) for m in members]
    spread, _ = pooled_spread(table)
    assert spread is not None
    assert {m.own_stderr("error") for m in found} == {spread / math.sqrt(len(seeds))}
    assert all(m.own_stderr("error") < m.values["error"].stderr for m in found)


def test_with_one_seed_each_the_whole_standard_error_stands(known) -> None:
    members = known_candidates(known.problem, known.findings, verified=False)
    for member in with_own_stderrs(known.problem, known.findings, members, verified=False):
        assert member.own_stderr("error") == member.values["error"].stderr


@pytest.mark.parametrize("references", [1, 2])
def test_the_error_of_the_reference_is_left_out_where_all_lean_on_one(known, references: int) -> None:
    findings = dataclasses.replace(known.findings, measured={})
    for place, (key, measured) in enumerate(known.findings.measured.items()):
        details = {"reference_latency_s": 1.0 + place % references, "reference_ratio_stderr": 0.006}
        findings.measured[key] = [dataclasses.replace(item, details=details) for item in measured]
    members = known_candidates(known.problem, findings, verified=False)
    for member in with_own_stderrs(known.problem, findings, members, verified=False):
        value = member.values["latency_s"]
        shared = 0.006 * value.value if references == 1 else 0.0
        assert member.own_stderr("latency_s") == pytest.approx(math.sqrt(value.stderr**2 - shared**2))
