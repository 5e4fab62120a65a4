"""How long one proposal of the search takes, and how much memory: fits, ascent, projection and polish included.

    python -m benchmarks.proposal_round [--space flexibert-v2] [--repeats 5] [--results FOLDER]

The state holds 100 candidates of the whole space as a campaign would know them: latency, energy and peak power of the
simulated device sim:rpi4 (with its noise), and an error that falls with the logarithm of the parameters, with the share
of attention and with depth (a formula: only the shape of the state matters here, and no result but seconds is told).
The batch is 4. Each repeat is a fresh process with another seed, so that its peak of resident memory is its own.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from device_agents.environment import machine_facts
from device_agents.measurement import ProfileRequest
from device_agents.simulated import SimulatedAgent
from device_agents.workload import Workload
from protran.optimize.gradient import GradientProposer
from protran.optimize.hypervolume import non_dominated
from protran.optimize.state import Observation, SearchObjective, SearchState
from search_spaces.candidate import Candidate, HeadKind
from search_spaces.cost import count_candidate
from search_spaces.presets import BERT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

RESULTS = Path(__file__).parent / "results"
DEVICE = "sim:rpi4"
MEASURES = ("latency_s", "energy_j", "peak_power_w")
OBSERVATIONS, BATCH = 100, 4
SEED_SPREAD = 0.01
ATTENTION = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--space", default="flexibert-v2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        print(json.dumps(one_round(arguments.space, arguments.one)))
        return
    rounds = [fresh_round(arguments.space, seed) for seed in range(arguments.repeats)]
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    content = {"command": "python -m benchmarks.proposal_round", "machine": facts, "rounds": rounds}
    text = json.dumps(content, indent=1) + "\n"
    (arguments.results / "proposal_round.json").write_text(text, encoding="utf-8")
    print(f"Machine: {facts['processor']}, {facts['cores']} cores, load {facts['load']}\n")
    print("| seconds of a round | of those processor | peak resident memory | on the front | seeds |")
    print("|---|---|---|---|---|")
    cells = [_spread([found[key] for found in rounds]) for key in ("wall_s", "core_s", "peak_mb", "front")]
    print(f"| {cells[0]} | {cells[1]} | {cells[2]} MB | {cells[3]} | {len(rounds)} |")


def fresh_round(space: str, seed: int) -> dict[str, Any]:
    """Returns `one_round` of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.proposal_round", "--space", space, "--one", str(seed)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def one_round(space: str, seed: int) -> dict[str, Any]:
    """Returns seconds, resident memory and the size of the front of one proposal."""
    state = known_state(space, seed)
    costs = np.array([[row.values[name] for name in ("error", *MEASURES)] for row in state.observations])
    began_s, core_s = time.perf_counter(), time.process_time()
    proposed = GradientProposer().propose(state, BATCH)
    wall_s, core_s = time.perf_counter() - began_s, time.process_time() - core_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if len({candidate.key for candidate in proposed}) != BATCH:
        raise RuntimeError(f"expected {BATCH} candidates, got {len(proposed)}")
    front = int(non_dominated(costs).sum())
    return {"seed": seed, "wall_s": wall_s, "core_s": core_s, "peak_mb": peak_mb, "front": front}


def known_state(space: str, seed: int) -> SearchState:
    """Returns the state that a proposal starts from; see the module."""
    design = load_space(space)
    agent, generator = SimulatedAgent(DEVICE), np.random.default_rng(seed)
    candidates = sample(design, OBSERVATIONS, SamplingMethod.SOBOL, seed)
    objectives = (SearchObjective.error_rate(), *(SearchObjective.hardware(name) for name in MEASURES))
    rows = tuple(_observed(candidate, agent, generator) for candidate in candidates)
    return SearchState(design, BERT_INPUT, objectives, rows, seed=seed, step=20)


def _observed(candidate: Candidate, agent: SimulatedAgent, generator: np.random.Generator) -> Observation:
    request = ProfileRequest(candidate, BERT_INPUT, Workload(), agent.info().identity)
    measured = agent.profile(request).values
    heads = [head for layer in candidate.architecture.layers for head in layer.heads]
    attention = sum(head in ATTENTION for head in heads) / len(heads)
    depth = len(candidate.architecture.layers)
    strength = np.log10(count_candidate(candidate, BERT_INPUT).parameters) - 6 + 0.6 * attention + 0.3 * np.log2(depth)
    error = 0.08 + 0.5 * np.exp(-0.8 * strength) + generator.normal(0.0, SEED_SPREAD)
    values = {name: measured[name].value for name in MEASURES}
    variances = {name: (measured[name].stderr or 0.0) ** 2 for name in MEASURES}
    known = {name: float(value) for name, value in values.items() if value is not None}
    return Observation(candidate, {**known, "error": float(error)}, {**variances, "error": SEED_SPREAD**2})


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


if __name__ == "__main__":
    main()
