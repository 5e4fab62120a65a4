"""The results of a search benchmark, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protran.cli.terminal import harmless
from protran.report.plural import how_many

if TYPE_CHECKING:
    from rich.console import Console

    from protran.benchmark.comparison import Result
    from protran.benchmark.pool import PooledTable

_EXPLAINED = """
Hypervolume by values without noise, as a fraction of the whole table's: mean and standard deviation over the seeds.
Search: mean seconds up to there, without the measurements that a table spares.
"""


def print_results(console: Console, table: PooledTable, found: Sequence[Result]) -> None:
    """Prints a line per method and number of evaluations."""
    from rich import box
    from rich.table import Table

    seeds = how_many(len(found[0].fractions), "seed")
    head = f"{table.name}: {how_many(len(table.pool), 'row')}, {', '.join(table.pool.objectives)}, {seeds}"
    console.print(harmless(head), soft_wrap=True)
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    shown.add_column("method", no_wrap=True)
    for name in ("evaluations", "hypervolume", "deviation", "search s"):
        shown.add_column(name, justify="right", no_wrap=True)
    for result in found:
        worth = f"{result.mean:.3f}", f"{result.deviation:.3f}" if len(result.fractions) > 1 else "-"
        shown.add_row(result.method, str(result.evaluations), *worth, f"{result.search_s:.1f}")
    console.print(shown)
    for line in _EXPLAINED.rstrip().splitlines():
        console.print(line, soft_wrap=True)
