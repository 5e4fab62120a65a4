"""The loop that ProTran was published with, on a pool."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from protran.evaluate.active_pool import MeasuredPool
from protran.evaluate.pool_policies import Knowledge, Policy, snapped_hypercube, unused
from protran.optimize.seeds import child_generator, child_seed

SEEDS = 16
"""Size of the Latin hypercube that it starts from."""
RANDOM_ROWS = 64
"""In each step so many random rows are looked at; the one that the trees disagree about most is profiled."""
TREES = 100
"""The original grows 500 trees; the spread of 100 orders rows almost the same, in a fifth of the time."""


class PublishedLoop(Policy):
    """A Latin hypercube of 16, then one profile at a time where boosted trees disagree most.

    As in the original: AdaBoost of full decision trees for each measure, on its embedding and on values divided by
    twice the largest one among the seeds; uncertainty is the sum over measures of the standard deviation of the trees'
    answers; 64 random candidates are looked at in each step. Different here: candidates are rows of the pool, the
    embedding is the encoding of the space (its own embedding is for encoders only), 100 trees stand for 500, and how
    good it is, is judged by the judge's surrogate rather than by its own trees, so that only the chosen rows differ.

    Source: github.com/JHA-Lab/protran, `energy_profiler/run_energy_profiler.py` with its default regressor `bdt`;
    S. Tuli, N. K. Jha, "EdgeTran: Co-designing Transformers for Efficient Inference on Mobile Edge Platforms", 2023.
    """

    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        """Returns the rows so far and those that the loop picks one after the other."""
        asked = list(known.asked) if len(known.asked) >= SEEDS else snapped_hypercube(pool.points, SEEDS, known.seed)
        while len(asked) < size:
            generator = child_generator(known.seed, len(asked), "published loop")
            left = unused(asked, len(pool))
            drawn = generator.choice(left, min(RANDOM_ROWS, len(left)), replace=False)
            spread = _spread(pool, asked, drawn, child_seed(known.seed, len(asked), "published loop: trees"))
            asked.append(int(drawn[spread.argmax()]))
        return asked[:size]


def _spread(pool: MeasuredPool, asked: list[int], drawn: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.float64]:
    """Returns the trees' disagreement at the rows `drawn`, summed over the measures."""
    from sklearn.ensemble import AdaBoostRegressor  # noqa: PLC0415  loads slowly
    from sklearn.tree import DecisionTreeRegressor  # noqa: PLC0415

    points, values = pool.points.numpy(), pool.y.numpy()
    total = np.zeros(len(drawn))
    for target in values.T:
        rows = [row for row in asked if np.isfinite(target[row])]
        if len(rows) < 2:
            continue
        largest = 2.0 * np.nanmax(target[asked[:SEEDS]])
        model = AdaBoostRegressor(DecisionTreeRegressor(), n_estimators=TREES, random_state=seed)
        model.fit(points[rows], target[rows] / largest)
        total += np.std([tree.predict(points[drawn]) for tree in model.estimators_], axis=0)
    return total
