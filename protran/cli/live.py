"""What is seen while a campaign runs: a view that redraws itself in a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from protran.cli.event_line import event_line, training_text, waiting_text
from protran.cli.front_table import front_table
from protran.cli.progress import Progress, duration
from protran.cli.terminal import harmless
from protran.report.plural import how_many

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from protran.campaign.events import CampaignEvent

_ROWS = 6
_REDRAWS_PER_SECOND = 2  # each costs processor time that a measurement next door would notice


@contextmanager
def watching(console: Console) -> Iterator[Callable[[CampaignEvent], None]]:
    """Gives an observer whose events are shown on `console` for as long as the context lasts."""
    progress = Progress()
    if not console.is_terminal or console.is_dumb_terminal:

        def observe(event: CampaignEvent) -> None:
            progress.observe(event)
            console.print(f"[{duration(progress.elapsed_s)}] {event_line(event, progress)}", soft_wrap=True)

        yield observe
        return

    from rich.live import Live

    view = LiveView(progress)
    with Live(view, console=console, refresh_per_second=_REDRAWS_PER_SECOND, transient=True):
        yield progress.observe


class LiveView:
    """A rich renderable of the progress, as wide and as high as the terminal lets it be."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yields the header, the bar, the last trainings and notes, and the best front so far."""
        from rich.progress_bar import ProgressBar
        from rich.segment import Segment
        from rich.text import Text

        def line(text: str, style: str = "") -> Text:
            return Text(text, style=style, no_wrap=True, overflow="ellipsis")

        progress = self._progress
        yield line(self._header(), "bold")
        yield line(self._counts())
        yield ProgressBar(total=1.0, completed=progress.share(), width=max(4, min(60, options.max_width)))
        yield Segment.line()
        if progress.waiting is not None:
            yield line(waiting_text(progress.waiting), "cyan")
        for event in tuple(progress.last_trainings):
            yield line(training_text(event), "dim")
        for note in tuple(progress.notes):
            yield line(f"note: {harmless(note)}", "yellow")
        if progress.front is not None:
            document = progress.front.to_json()
            state = "verified" if progress.verified else "best so far, low fidelity"
            yield line(f"\nfront ({state}): {how_many(len(document['candidates']), 'candidate')}", "bold")
            yield front_table(document, width=options.max_width, limit=_ROWS, also=())

    def _header(self) -> str:
        progress = self._progress
        phase = f"{progress.phase.value}, step {progress.step}" if progress.phase else "starting"
        return f"{harmless(progress.name) or 'campaign'}: {phase}{' (resumed)' if progress.resumed else ''}"

    def _counts(self) -> str:
        progress = self._progress
        left_s = progress.time_left_s()
        of_work = " of work" if progress.waited_s else ""  # waits to come are not foreseen
        left = "estimating time left" if left_s is None else f"at most {duration(left_s)}{of_work} left"
        jobs = (
            f"{progress.profiles.done}/{progress.profiles.planned} profiles, "
            f"{progress.trainings.done}/{progress.trainings.planned} trainings"
        )
        return f"{jobs}, {progress.failed} failed | {duration(progress.elapsed_s)} elapsed, {left}"
