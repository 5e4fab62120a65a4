"""Repeated splits of a table: every model and training size, on the same test rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor

from protran.errors import InputError
from protran.evaluate.diverse_rows import diverse_order
from protran.evaluate.models import ENERGY, JOINT, LATENCY, PUBLISHED, TRANSFER, check_models, models_with
from protran.evaluate.probes import Probes
from protran.evaluate.sources import SourceUse, fit_sources
from protran.evaluate.splits import Split, TrainSize, draw_split
from protran.evaluate.summary import Summary
from protran.evaluate.table_rows import TableRows, tensors
from protran.optimize.seeds import child_seed, deterministic_torch
from protran.tables.measurement_table import MeasurementTable
from search_spaces.space import DesignSpace
from surrogates.base import Surrogate
from surrogates.errors import SurrogateError
from surrogates.stacked import StackedSurrogate
from surrogates.transfer import TransferSurrogate
from surrogates.validation import score

METRICS = ("nmse", "mape", "within10", "tau", "nll", "coverage90", "width90", "fit_s", "predict_s")


@dataclass(frozen=True)
class Plan:
    """What to evaluate.

    Attributes:
        models: names in `MODELS`, `transfer` or `auto`.
        sizes: of the training sets.
        test_fraction: share of the table's rows that is held out.
        repeats: how many splits.
        seed: of the splits and of everything else that is random.
        probes: how training sets are picked from the training part.
    """

    models: tuple[str, ...]
    sizes: tuple[TrainSize, ...]
    test_fraction: float
    repeats: int
    seed: int
    probes: Probes = Probes.RANDOM

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", check_models(self.models))


@dataclass
class Result:
    """How one model did on one target with one number of training rows, over all repeats.

    Attributes:
        model: its name.
        target: the column that was predicted.
        train: rows of the training set.
        test: rows of the test set.
        samples: for each metric, its value in each repeat.
        weights: of the members of `auto`, by name, one entry per repeat; empty for other models.
        uses: what was made of other devices, one entry per repeat in which the model asked them.
    """

    model: str
    target: str
    train: int
    test: int
    samples: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in METRICS})
    weights: list[dict[str, float]] = field(default_factory=list)
    uses: list[SourceUse] = field(default_factory=list)

    @property
    def repeats(self) -> int:
        """How many splits there were so far."""
        return len(self.samples[METRICS[0]])

    def weights_by_member(self) -> dict[str, list[float]]:
        """Returns the weights of each member of `auto`, one per repeat, 0 where it could not be fitted."""
        names = dict.fromkeys(name for weights in self.weights for name in weights)
        return {name: [weights.get(name, 0.0) for weights in self.weights] for name in names}

    def summary(self, metric: str) -> Summary:
        """Returns median and quartiles of one of `METRICS` over the repeats."""
        return Summary.of(self.samples[metric])


def evaluate(
    table: MeasurementTable,
    space: DesignSpace,
    plan: Plan,
    observer: Callable[[int, int], None] | None = None,
    sources: Sequence[MeasurementTable] = (),
) -> list[Result]:
    """Returns the results by model, target and training size, in the plan's order.

    A pure function of its arguments but for the seconds. Test rows are the same for all models and sizes, and smaller
    training sets are parts of larger ones.

    Args:
        table: rows of candidates in `space`.
        space: the design space.
        plan: what to evaluate.
        observer: called with the fits that are done and all that there will be.
        sources: tables of other devices with candidates in `space`, for the model `transfer`, which `auto` may pick.

    Raises:
        InputError: the table has too few rows for the plan, or too few values of a target in a split; or the model
            `transfer` is asked for without sources, or `joint` without its measures.
    """
    if TRANSFER in plan.models and not sources:
        raise InputError(f"expected sources for the model {TRANSFER}, got none; name other devices' tables: --sources")
    if JOINT in plan.models and not {LATENCY, ENERGY} <= {*table.targets}:
        raise InputError(
            f"expected the targets {LATENCY} and {ENERGY} for the model {JOINT}, got {', '.join(table.targets)}"
        )
    rows = TableRows.of(table, space, embedded=PUBLISHED in plan.models)
    splits = [_split(rows, plan, repeat) for repeat in range(plan.repeats)]
    cells = _cells(table, plan, splits[0])
    with deterministic_torch(child_seed(plan.seed, 0, "surrogate evaluation: sources")):
        devices = fit_sources(sources, table.targets, lambda other: tensors(other, space))
    done, total = 0, len(splits) * len(cells)
    for repeat, split in enumerate(splits):
        for (model, size), results in cells.items():
            try:
                with deterministic_torch(child_seed(plan.seed, repeat, "surrogate evaluation: fit")):
                    seed = child_seed(plan.seed, repeat, "surrogate evaluation: folds")
                    surrogate = models_with(devices, seed, table.targets)[model]()
                    _run(surrogate, rows.embedding if model == PUBLISHED else rows.x, rows, split, results)
            except SurrogateError as error:
                raise InputError(f"{table.name}, repeat {repeat + 1}, {size} training rows: {error}") from error
            done += 1
            if observer is not None:
                observer(done, total)
    order = [(model, target) for model in plan.models for target in table.targets]
    everything = [result for results in cells.values() for result in results]
    return sorted(everything, key=lambda result: order.index((result.model, result.target)))  # sizes stay in order


def _cells(table: MeasurementTable, plan: Plan, split: Split) -> dict[tuple[str, int], list[Result]]:
    """Returns empty results, one per target, by model and number of training rows."""
    sizes = dict.fromkeys(size.rows(len(split.train)) for size in plan.sizes)
    return {
        (model, size): [Result(model, target, size, len(split.test)) for target in table.targets]
        for model in plan.models
        for size in sizes
    }


def _split(rows: TableRows, plan: Plan, repeat: int) -> Split:
    split = draw_split(len(rows.x), plan.test_fraction, plan.seed, repeat)
    if plan.probes is Probes.RANDOM:
        return split
    return Split(split.train[diverse_order(rows.x[torch.as_tensor(split.train)]).numpy()], split.test)


def _run(surrogate: Surrogate, x: Tensor | None, rows: TableRows, split: Split, results: Sequence[Result]) -> None:
    """Fits to the first rows of the split's training part, as `x` describes them, and adds how it does on the rest."""
    if x is None:
        raise TypeError("expected the features that the surrogate sees, got none")
    train, test = torch.as_tensor(split.train[: results[0].train]), torch.as_tensor(split.test)
    began_s = time.perf_counter()
    surrogate.fit(x[train], rows.y[train], rows.y_var[train])
    fitted_s = time.perf_counter()
    prediction = surrogate.predict(x[test])
    seconds = {"fit_s": fitted_s - began_s, "predict_s": time.perf_counter() - fitted_s}
    y = rows.y[test]
    squared = (prediction.median.detach() - y).square().nanmean(0) / rows.largest.square()
    for output, (result, metrics) in enumerate(zip(results, score(prediction, y), strict=True)):
        # `score` divides by the maximum of the test rows, which differs from split to split
        values = asdict(metrics) | {"nmse": float(squared[output])} | seconds
        for metric in METRICS:
            result.samples[metric].append(values[metric])
        if isinstance(surrogate, StackedSurrogate):
            result.weights.append(surrogate.weights_of(output))
        transfer = surrogate.member(TRANSFER) if isinstance(surrogate, StackedSurrogate) else surrogate
        if isinstance(transfer, TransferSurrogate):
            result.uses.append(SourceUse.of(transfer, output))
