"""The results of an evaluation of surrogates, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from protran.cli.terminal import harmless
from protran.report.plural import how_many

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from protran.evaluate.evaluation import Result
    from protran.tables.measurement_table import MeasurementTable

_PERCENT = ("mape", "within10", "coverage90", "width90")
_HEADINGS = {
    "nmse": "nMSE",
    "mape": "MAPE",
    "within10": "in 10",
    "tau": "tau",
    "nll": "NLL",
    "coverage90": "cover",
    "width90": "width",
    "fit_s": "fit s",
}
_EXPLAINED = """
Medians over the splits; --json has the quartiles too. nMSE: mean squared error over the table's squared maximum.
In %: MAPE, predictions within 10 % of the measurement, coverage and width of the 90 % interval.
"""


def print_results(console: Console, table: MeasurementTable, results: Sequence[Result]) -> None:
    """Prints a table for each target with the medians of each model and training size, and what `auto` is made of."""
    rows, splits = how_many(len(table.candidates), "row"), how_many(results[0].repeats, "split")
    title = f"{harmless(table.name)}: {rows}, {splits} with {results[0].test} test rows each"
    console.print(title, soft_wrap=True)
    for target in table.targets:
        console.print(f"\n{harmless(target)}", soft_wrap=True)
        console.print(_table([result for result in results if result.target == target]))
    for line in (*_weights(results), *_drops(results)):
        console.print(line, soft_wrap=True)
    for line in _EXPLAINED.rstrip().splitlines():
        console.print(line, soft_wrap=True)


def _table(results: Sequence[Result]) -> Table:
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    shown.add_column("model", no_wrap=True)
    for name in ("train", *_HEADINGS.values()):
        shown.add_column(name, justify="right", no_wrap=True)
    for result in results:
        cells = [_cell(name, result.summary(name).median) for name in _HEADINGS]
        shown.add_row(result.model, str(result.train), *cells)
    return shown


def _cell(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    if name in _PERCENT:
        return f"{100 * value:.1f}"
    return f"{value:.5f}" if name == "nmse" else f"{value:.2f}"


def _weights(results: Sequence[Result]) -> list[str]:
    """Returns what `auto` is made of, per target and training size: medians over the splits."""
    return [
        harmless(f"auto for {result.target} with {result.train} rows: {_shares(result)}")
        for result in results
        if result.weights
    ]


def _shares(result: Result) -> str:
    from protran.evaluate.summary import Summary

    medians = {name: Summary.of(weights).median for name, weights in result.weights_by_member().items()}
    return ", ".join(f"{name} {median:.0%}" for name, median in medians.items())


def _drops(results: Sequence[Result]) -> list[str]:
    """Returns which source was dropped for which target, how often, and the commonest reason."""
    from protran.evaluate.sources import summaries

    lines = []
    for result in results:
        for summary in summaries(result.uses):
            if summary.dropped_share:
                reason = summary.reasons.most_common(1)[0][0]
                where = f"{result.target}, {result.model} with {result.train} rows"
                lines.append(harmless(f"dropped {summary.source} ({where}, {summary.dropped_share:.0%}): {reason}"))
    return lines
