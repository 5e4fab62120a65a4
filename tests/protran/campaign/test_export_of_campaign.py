"""A campaign from its ledger to an exported model: everything is invented but the training that is deployed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from invented_dispatcher import InventedDispatcher

from device_agents.fleet.base import JobResult, TaskJob
from protran.api import open_campaign
from protran.training.worker import handle
from search_spaces.candidate import HeadKind
from search_spaces.layer_genes import Gene
from search_spaces.space import load_space

EFFORT = {
    "seed_candidates": 3,
    "learn_profiles": 0,
    "search_rounds": 1,
    "search_batch": 1,
    "verify_limit": 2,
    "verify_seeds": 2,
}
SPACE = dataclasses.replace(
    load_space("edge-small"),
    layers=(1,),
    hidden=(8,),
    heads=(1, 2),
    head_kinds=(HeadKind.SCALED_DOT_PRODUCT,),
    feed_forward=(8, 16, 32),
    stacks=(1,),
    uniform=frozenset({Gene.HIDDEN, Gene.FEED_FORWARD}),
    conditions=(),
).to_json()


class RealRefits(InventedDispatcher):
    """Trains for real what is exported: the refits of the first seed of verification."""

    def next_result(self, timeout_s):
        job = self._queue[0] if self._queue else None
        if isinstance(job, TaskJob) and job.payload["fidelity"].get("refit") and job.payload["seed"] == 1:
            self._queue.pop(0)
            return JobResult(job.job_id, result=handle(job.payload))
        return super().next_result(timeout_s)


@pytest.mark.slow
def test_a_model_of_a_finished_campaign_scores_what_its_ledger_says(bench, tmp_path):
    generator = np.random.default_rng(0)
    labels = np.tile([0, 1], 60)
    waves = np.sin(2 * np.pi * (1 + labels[:, None, None]) * np.arange(20) / 20 + generator.uniform(0, 6, (120, 2, 1)))
    path = tmp_path / "waves.npz"
    np.savez(
        path,
        X=(waves + generator.standard_normal(waves.shape)).astype(np.float32),
        y=labels,
        groups=labels * 0 + np.arange(120) // 12,
    )
    front = bench.run(RealRefits(), space=SPACE, task=str(path), effort=EFFORT)
    done = open_campaign("invented", runs=bench.folder).export("best", tmp_path / "model")
    found = done.verification
    assert done.deployable.member.candidate in [member.candidate for member in front.candidates]
    assert (found.expected_from, found.ok) == ("ledger", True)
    assert found.difference_windows <= 1
