"""What a compression study is asked for, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from device_agents.meters.spec import MeterSpec
from protran.studies.compression.dominance import Comparison
from protran.studies.compression.figures import Carbon
from protran.studies.compression.recipes import RECIPE_NAMES
from protran.studies.compression.variant import Variant
from protran.studies.table import StudyTable
from protran.tasks.base import Task
from search_spaces.candidate import Architecture


@dataclass(frozen=True)
class FrontSource:
    """Where the search's front comes from; without a campaign and without a search there is none.

    Attributes:
        campaign: name of a finished campaign.
        runs: the folder of its campaigns.
        ledger: the file that they are in; the usual one of that folder, if None.
        search: runs that campaign in that folder, or resumes it; None where it is finished already.
        said: for the conditions of the study, for example ``effort quick``.
    """

    campaign: str = ""
    runs: Path = Path("runs")
    ledger: Path | None = None
    search: Callable[[], object] | None = None
    said: str = "none"


@dataclass(frozen=True)
class StudyRequest:
    """What was asked for.

    Attributes:
        task: the data.
        architectures: the large models by name.
        folder: of the study.
        repeats: trainings of each model, with shuffled windows.
        epochs: of a training under the study's recipe.
        timed_repeats: of them, how many are timed.
        seed: root of all others.
        jobs: processes that train side by side.
        recipes: of `RECIPE_NAMES`.
        variants: all, if None.
        front: where the search's front comes from.
        carbon: which joules and grams are told.
        meter: this machine's power sensor.
    """

    task: Task
    architectures: Mapping[str, Architecture]
    folder: Path
    repeats: int
    epochs: int
    timed_repeats: int
    seed: int
    jobs: int
    recipes: tuple[str, ...] = RECIPE_NAMES
    variants: frozenset[Variant] | None = None
    front: FrontSource = field(default_factory=FrontSource)
    carbon: Carbon = field(default_factory=Carbon)
    meter: MeterSpec = field(default_factory=MeterSpec)


@dataclass(frozen=True)
class StudyResult:
    """What the study found, and where it wrote it."""

    table: StudyTable
    front: StudyTable | None
    comparisons: tuple[Comparison, ...]
    files: tuple[Path, ...]
