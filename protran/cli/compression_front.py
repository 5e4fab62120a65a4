"""Where the compression study's front comes from: a finished campaign, or one that the study runs itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from protran.cli.terminal import screen

if TYPE_CHECKING:
    from protran.studies.compression.request import FrontSource
    from protran.tasks.base import Task

SEARCH = "search"
"""Name of the campaign that the study runs itself, in a folder of this name within its own."""
SPACE, DEPLOY, OBJECTIVES = "edge-small", ("onnx", "int8"), ("error", "latency", "memory")
"""Of that campaign: small encoders; in torch, in onnxruntime and in int8, as the large models are compared in."""


def front_source(
    task: Task,
    folder: Path,
    front: str | None,
    runs: Path,
    effort: str | None,
    *,
    search: bool,
    seed: int,
) -> FrontSource:
    """Returns where the front comes from: a finished campaign, one of the study's own, or nowhere."""
    from protran.errors import InputError
    from protran.names import LEDGER_FILE
    from protran.studies.compression.request import FrontSource

    given = [name for name, is_given in (("--front", front is not None), ("--effort", effort is not None)) if is_given]
    if len(given) + (not search) > 1:
        raise InputError(f"expected one of --front, --effort and --no-search, got {', '.join(given)}; leave one out")
    if not search:
        return FrontSource()
    if front is not None:
        return FrontSource(front, runs, said=f"campaign {front}")
    amount = effort or "quick"
    own = folder / SEARCH
    ledger = own / LEDGER_FILE  # also where the environment names a shared one
    said = f"a search of its own: {SPACE}, {'+'.join(DEPLOY)}, effort {amount}"
    return FrontSource(SEARCH, own, ledger, _searching(task, own, ledger, amount, seed), said)


def _searching(task: Task, runs: Path, ledger: Path, effort: str, seed: int) -> Callable[[], None]:
    """Returns a function that runs the study's own campaign, or resumes it."""

    def run() -> None:
        from protran.api import start_campaign
        from protran.cli.live import watching

        runs.mkdir(parents=True, exist_ok=True)
        with watching(screen(stderr=True)) as progress:
            start_campaign(
                name=SEARCH,
                space=SPACE,
                task={"source": task.source, "options": dict(task.options)},
                deploy=list(DEPLOY),
                objectives=list(OBJECTIVES),
                effort=effort,
                seed=seed,
                runs=runs,
                ledger=ledger,
                observer=progress,
            )

    return run
