"""What of a deployment changes a score: precision and what becomes of each layer, but neither runtime nor threads."""

from __future__ import annotations

import dataclasses

from search_spaces.candidate import Candidate
from search_spaces.deployment import RUNS, Deployment
from search_spaces.pruning import without_idle_sparsity


def scored_deployment(deployment: Deployment) -> Deployment:
    """Returns the deployment that stands for all that give the same score as this one.

    It has one thread and the first runtime that runs the precision: torch, but onnxruntime for int8.
    """
    runtime = next(runtime for runtime, precisions in RUNS.items() if deployment.precision in precisions)
    return dataclasses.replace(deployment, runtime=runtime, threads=1)


def scored_candidate(candidate: Candidate) -> Candidate:
    """Returns the candidate that stands for all with the same score as this one; nothing of it is idle."""
    return Candidate(candidate.architecture, scored_deployment(without_idle_sparsity(candidate).deployment))
