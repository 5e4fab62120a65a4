"""The whole study: from what was asked to its tables and pictures."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

from device_agents.environment import machine_facts
from protran.fidelity import Fidelity
from protran.studies.compression.dominance import compare
from protran.studies.compression.figures import entries
from protran.studies.compression.front_members import (
    FrontOfCampaign,
    front_of_campaign,
    names_of,
    note_front,
    noted_front,
)
from protran.studies.compression.models import StudyModel, large_models, limited, students
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.recipes import STUDY, STUDY_RECIPE
from protran.studies.compression.request import StudyRequest, StudyResult
from protran.studies.compression.run import Runner
from protran.studies.compression.summary import contention_remark, front_table, main_table
from protran.studies.conditions import begin_study
from protran.studies.progress import Observer
from protran.tasks.base import TaskData
from protran.training.fidelity import fidelities
from protran.training.keys import TRAINING_VERSION

VERSION = 1
"""Of the way in which rows are made: a change of it begins a new study."""
FRONT_FOLDER = "front"


def compression_study(
    request: StudyRequest, observer: Observer | None = None, run: Callable[..., Runner] = Runner
) -> StudyResult:
    """Returns the results of the study, after doing what its folder lacks.

    It may be interrupted or killed at any moment: the same request goes on where it stopped.

    Args:
        request: what to do.
        observer: is told of each finished piece.
        run: makes the runner.

    Raises:
        InputError: the folder holds a study under other conditions, or the front is not one of this task.
        TaskError: the data cannot be used.
        StudyError: the study cannot go on.
    """
    from protran.studies.compression.pictures import draw_study  # noqa: PLC0415 - matplotlib takes a second

    front, data, conditions = prepare(request), request.task.load(), _conditions(request)
    plan = _plan(request, data, front)
    rows = run(plan, request.jobs, request.meter, observer).run()
    found = entries(plan, rows, request.carbon)
    told = {**conditions, "repeats": request.repeats, "timed_repeats": request.timed_repeats, **_told(request, front)}
    members = () if front is None else front.members
    remarks = [_machine(plan, conditions), *contention_remark(rows.timings), *data.notes, *names_of(members)]
    table = main_table(f"Compression on {request.task.name}", found, request.carbon, told, remarks)
    comparisons = tuple(compare(found))
    versus = front_table(comparisons, told) if comparisons else None
    files = [*table.write(request.folder)]
    if versus is not None:
        files += versus.write(request.folder / FRONT_FOLDER)
    files += draw_study(request.task.name, data, found, request.folder)
    return StudyResult(table, versus, comparisons, tuple(files))


def prepare(request: StudyRequest) -> FrontOfCampaign | None:
    """Begins the study, or finds that it is the same, and returns the front that it compares with, if any.

    The front is the one that the study noted first. Where it has none yet, the search runs now, for long; a later call
    finds it done.

    Raises:
        InputError: the folder holds a study under other conditions, or the front is not one of this task.
        StudyError: the folder cannot be read or written.
    """
    begin_study(request.folder, _conditions(request))
    source = request.front
    if not source.campaign:
        return None
    known = noted_front(request.folder)
    if known is not None:
        return known
    if source.search is not None:
        source.search()
    found = front_of_campaign(source.campaign, source.runs, request.task.reference(), source.ledger)
    note_front(found, request.folder)
    return found


def _plan(request: StudyRequest, data: TaskData, front: FrontOfCampaign | None) -> StudyPlan:
    study = Fidelity(request.epochs)
    large = large_models(
        request.architectures, request.recipes, study, fidelities(len(data.train), len(data.validation)).full
    )
    teacher = next((model for model in large if model.recipe_name == STUDY), None)
    small: list[StudyModel] = [] if teacher is None else students(teacher, study)
    found = [] if front is None else front.models()
    models = limited([*large, *small, *found], request.variants)
    timed = min(request.timed_repeats, request.repeats)
    return StudyPlan(
        request.folder, request.task.reference(), data.input_spec, tuple(models), request.repeats, timed, request.seed
    )


def _conditions(request: StudyRequest) -> dict[str, Any]:
    """Returns what every row depends on; repeats, variants and recipes may be added later."""
    facts = machine_facts()
    return {
        "study": "compression",
        "version": VERSION,
        "training_version": TRAINING_VERSION,
        "task": request.task.reference(),
        "models": {name: architecture.key for name, architecture in request.architectures.items()},
        "epochs": request.epochs,
        "study_recipe": STUDY_RECIPE.to_json(),
        "timed_at_most": request.timed_repeats,
        "seed": request.seed,
        "front": request.front.said,
        "machine": {
            "processor": facts.processor,
            "cores": facts.cores,
            "python": platform.python_version(),
            **{name: _version(name) for name in ("torch", "onnx", "onnxruntime")},
        },
    }


def _told(request: StudyRequest, front: FrontOfCampaign | None) -> dict[str, Any]:
    """Returns what else a reader must know, which no row depends on."""
    told: dict[str, Any] = {"jobs": request.jobs, "meter": request.meter.kind.value}
    if request.carbon.grid is not None:
        told["grid"] = request.carbon.grid.to_json()
    if front is not None:
        told["front_of"] = front.to_json()
    return told


def _machine(plan: StudyPlan, conditions: Mapping[str, Any]) -> str:
    """Returns one sentence: where, and with which seeds."""
    machine, last = conditions["machine"], plan.seed_of(plan.repeats - 1)
    return (
        f"Machine: {machine['processor']}, {machine['cores']} cores; torch {machine['torch']}, onnxruntime "
        f"{machine['onnxruntime']}. {plan.repeats} repeats with the seeds {plan.seed_of(0)} to {last}, of which "
        f"{plan.timed_repeats} timed; {conditions['epochs']} epochs under the study's recipe."
    )


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"
