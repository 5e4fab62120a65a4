"""Does profiling more candidates than are trained find the front with fewer trainings? On an invented problem.

    python -m benchmarks.probe_profiles [--seeds 20] [--own 0,0.1,0.2,0.4]

A pool of points in a unit cube has three costs to minimise: an error (smooth, seen with the noise of a training), a
latency (smooth on its logarithm, times what no feature shows: a normal factor of `own`, seen with one percent of noise)
and a counted size. Gaussian processes with the true length scales believe the first two; the next to train are those
of the largest expected hypervolume improvement, one after the other, each taken as expected before the next. The
searches differ in `probes`: how many of the next-best are profiled beside each batch, and so known in the next round.

What is told is the hypervolume of the true values of what was trained, against the same search without probes: after
as many trainings, paired by seed; and how many trainings of that search give the same hypervolume. The latter is the
saving that the profiles buy.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from protran.optimize.hypervolume import hypervolume, reference_point
from protran.optimize.pool_acquisition import ExpectedImprovement, GainScale

Array = npt.NDArray[np.float64]

POOL, GENES, LENGTH = 400, 6, 0.9
SEEDS, LEARNED, ROUNDS, BATCH = 12, 12, 8, 4
TRAINING_NOISE, PROFILE_NOISE = 0.05, 0.01
PROBES = (0, 4, 8)


@dataclass
class Problem:
    """The truth: `x: n x d`, the logarithms of error, latency and size, `n x 3`, and how much of latency is hidden."""

    x: Array
    truth: Array
    own: float
    generator: np.random.Generator

    @classmethod
    def invent(cls, seed: int, own: float) -> Problem:
        """Returns a problem; equal seeds differ in nothing but how much is hidden."""
        generator = np.random.default_rng([7, seed])
        x = generator.random((POOL, GENES))
        factor = np.linalg.cholesky(kernel(x, x) + 1e-8 * np.eye(POOL))
        wiggles = factor @ generator.standard_normal((POOL, 2))
        hidden = generator.standard_normal(POOL)
        size = 2.0 * x.mean(axis=1)
        error = -1.2 - 0.5 * size + 0.3 * wiggles[:, 0]
        latency = size + 0.4 * wiggles[:, 1] + own * hidden
        return cls(x, np.column_stack([error, latency, size]), own, np.random.default_rng([8, seed]))


@dataclass
class Search:
    """One search of a problem: who was trained and profiled, and what was seen; NaN where nothing was."""

    problem: Problem
    seen: Array = field(init=False)
    trained: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen = np.full((POOL, 2), np.nan)
        self.noise = self.problem.generator.standard_normal((POOL, 2)) * (TRAINING_NOISE, PROFILE_NOISE)

    def look(self, places: list[int], *, train: bool) -> None:
        """Profiles, and trains where asked."""
        for place in places:
            values = self.problem.truth[place, :2] + self.noise[place]
            self.seen[place, 1] = values[1]
            if train:
                self.seen[place, 0] = values[0]
                self.trained.append(place)

    def belief(self) -> tuple[Array, Array]:
        """Returns means and variances `n x 3` of the logarithms; what was profiled is known as it was measured."""
        error = posterior(self.problem.x, self.seen[:, 0], 0.3, TRAINING_NOISE)
        latency = posterior(self.problem.x, self.seen[:, 1], 0.4, np.hypot(PROFILE_NOISE, self.problem.own))
        mean = np.column_stack([error[0], latency[0], self.problem.truth[:, 2]])
        variance = np.column_stack([error[1], latency[1] + self.problem.own**2, np.zeros(POOL)])
        known = ~np.isnan(self.seen[:, 1])
        mean[known, 1], variance[known, 1] = self.seen[known, 1], PROFILE_NOISE**2
        return mean, variance

    def step(self, probes: int) -> None:
        """Trains a batch, then profiles the next-best of which no profile is known."""
        mean, variance = (torch.as_tensor(part) for part in self.belief())
        scale = GainScale.of(mean)
        gains = scale.moments(mean, variance)
        improvement = ExpectedImprovement(gains[0][self.trained])
        barred = torch.zeros(POOL, dtype=torch.bool)
        barred[self.trained] = True
        chosen: list[int] = []
        for number in range(BATCH + probes):
            if number == BATCH:
                barred |= torch.as_tensor(~np.isnan(self.seen[:, 1]))
            place = int(improvement(*gains).masked_fill(barred, -1.0).argmax())
            chosen.append(place)
            barred[place] = True
            improvement.add(gains[0][[place]])
        self.look(chosen[:BATCH], train=True)
        self.look(chosen[BATCH:], train=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--own", default="0,0.1,0.2,0.4")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| hidden part of latency | probes | hypervolume against none, in the end | half way | trainings saved |")
    print("|---|---|---|---|---|")
    for own in (float(part) for part in arguments.own.split(",")):
        found = [curves(seed, own) for seed in range(arguments.seeds)]
        for probes in PROBES[1:]:
            ratios = np.array([curve[probes] / curve[0] - 1 for curve in found])
            saved = [trainings_saved(curve[probes], curve[0]) for curve in found]
            cells = [_mean(100 * ratios[:, -1], "%"), _mean(100 * ratios[:, ROUNDS // 2], "%"), _mean(saved, "")]
            print(f"| {own:g} | {probes} | {' | '.join(cells)} |", flush=True)


def curves(seed: int, own: float) -> dict[int, Array]:
    """Returns by number of probes the true hypervolume after each round, over the same reference point."""
    found: dict[int, list[Array]] = {}
    for probes in PROBES:
        search = Search(Problem.invent(seed, own))
        search.look(list(range(SEEDS)), train=True)
        search.look(list(range(SEEDS, SEEDS + LEARNED)), train=False)
        for _ in range(ROUNDS):
            search.step(probes)
        points = search.problem.truth[search.trained].copy()
        points[:, 0] = np.exp(points[:, 0])
        found[probes] = [points[: SEEDS + BATCH * number] for number in range(ROUNDS + 1)]
    reference = reference_point(np.concatenate([points[-1] for points in found.values()]))
    return {probes: np.array([hypervolume(p, reference) for p in points]) for probes, points in found.items()}


def trainings_saved(ours: Array, theirs: Array) -> float:
    """Returns how many trainings fewer reach the final hypervolume of the poorer of two curves, by interpolation."""
    goal = min(ours[-1], theirs[-1])
    return BATCH * (_reached(theirs, goal) - _reached(ours, goal))


def kernel(first: Array, second: Array) -> Array:
    """Returns a squared exponential kernel of unit variance, `n1 x n2`."""
    squares = ((first[:, None, :] - second[None, :, :]) ** 2).sum(axis=-1)
    return np.asarray(np.exp(-0.5 * squares / LENGTH**2))


def posterior(x: Array, seen: Array, amplitude: float, noise: float) -> tuple[Array, Array]:
    """Returns mean and variance `n` of a Gaussian process with a linear trend in the mean of `x`, given `seen: n`."""
    known = ~np.isnan(seen)
    trend = 4.0 * (1.0 + x.mean(axis=1)[:, None] * x.mean(axis=1)[None, :])
    prior = amplitude**2 * kernel(x, x) + trend
    inner = prior[np.ix_(known, known)] + (noise**2 + 1e-9) * np.eye(int(known.sum()))
    half = np.linalg.solve(np.linalg.cholesky(inner), np.column_stack([prior[known], seen[known]]))
    mean = half[:, :-1].T @ half[:, -1]
    return mean, np.maximum(np.diag(prior) - (half[:, :-1] ** 2).sum(axis=0), 1e-12)


def _reached(curve: Array, goal: float) -> float:
    after = int(np.argmax(curve >= goal - 1e-12))
    if after == 0:
        return 0.0
    below, above = curve[after - 1], curve[after]
    return after - 1 + float((goal - below) / (above - below))


def _mean(values: list[float] | Array, unit: str) -> str:
    found = np.asarray(values, dtype=np.float64)
    return f"{found.mean():+.1f}{unit} ± {found.std(ddof=1) / np.sqrt(len(found)):.1f}"


if __name__ == "__main__":
    main()
