"""Where memory goes, for a terminal: rows with bars, and what gradient accumulation saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protran.units import Unit, format_value

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from protran.report.memory_report import MemoryReport

_BAR = 20  # characters of the longest bar
_EIGHTHS = " ▏▎▍▌▋▊▉"


def print_memory(console: Console, report: MemoryReport) -> None:
    """Prints the model, its parts with a bar for each, and for a training step the effect of micro-batches."""
    for line in report.lines:
        console.print(line, soft_wrap=True)
    console.print()
    console.print(_parts(report))
    if len(report.steps) > 1:
        console.print(f"\nbatch {report.workload.batch_size} in micro-batches, whose gradients accumulate:")
        console.print(_accumulation(report))


def bar(share: float) -> str:
    """Returns a horizontal bar for a share from 0 to 1; what is not nothing shows at least an eighth of a character."""
    eighths = max(round(share * _BAR * 8), 1 if share > 0 else 0)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _parts(report: MemoryReport) -> Table:
    most = max(part.bytes for part in report.parts)
    table = _grid("left", "right", "left", "left")
    for part in report.parts:
        label = f"{'  ' * part.level}{part.label}"
        style = "bold" if part.level == 0 else "none"
        table.add_row(
            label, format_value(part.bytes, Unit.BYTE, digits=4), bar(part.bytes / most), part.note, style=style
        )
    return table


def _accumulation(report: MemoryReport) -> Table:
    whole = report.steps[0].peak_bytes
    table = _grid("right", "right", "right", "right", "left")
    table.add_row("micro-batches", "sequences", "activations", "peak", "", style="dim")
    for step in report.steps:
        sizes = (format_value(size, Unit.BYTE, digits=4) for size in (step.kept_bytes, step.peak_bytes))
        sequences = report.workload.batch_size // step.micro_batches
        table.add_row(str(step.micro_batches), str(sequences), *sizes, bar(step.peak_bytes / whole))
    return table


def _grid(*sides: str) -> Table:
    """Returns a grid without lines; in a narrow terminal only what is last in a row wraps."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for side in sides[:-1]:
        grid.add_column(justify=side, no_wrap=True)  # type: ignore[arg-type]  # a word for a side
    grid.add_column(justify=sides[-1], overflow="fold")  # type: ignore[arg-type]
    return grid
