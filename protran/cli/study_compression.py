"""`protran study compression`: trained classifiers of windows, made smaller in every way, beside a search's front."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.carbon_options import CountryOption, GridIntensityOption, PueOption, named_grid
from protran.cli.failure import resumable
from protran.cli.task_options import TaskOptions, parse_options
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from protran.studies.compression.figures import Carbon
    from protran.studies.compression.request import StudyResult
    from protran.studies.compression.variant import Variant
    from search_spaces.candidate import Architecture


_ANY_TASK = "watch"
"""Whose input a model file without one is read with: what models read is replaced by the study's task anyhow."""


def compression(
    task: Annotated[str, typer.Option(help="watch, unimib, or a .csv or .npz file of windows.")] = "watch",
    task_option: TaskOptions = None,
    repeats: Annotated[int, typer.Option(min=1, help="Trainings of each model, with shuffled windows.")] = 10,
    epochs: Annotated[int, typer.Option(min=1, help="Of a training under the study's recipe.")] = 20,
    models: Annotated[
        str, typer.Option(metavar="NAMES", help="Presets or model files, with commas: t1,t2,my-model.json.")
    ] = "t1,t2",
    variants: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Of the deployments, with commas: fp32,int8-static … (all)")
    ] = None,
    recipes: Annotated[
        str, typer.Option(metavar="NAMES", help="study (Adam alone), campaign (as a search trains), or both.")
    ] = "study,campaign",
    front: Annotated[
        str | None, typer.Option(metavar="CAMPAIGN", help="A finished campaign whose front is compared.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="The folder of that campaign.")] = Path("runs"),
    effort: Annotated[
        str | None, typer.Option(help="Of the campaign that is run first where none is named. (default: quick)")
    ] = None,
    search: Annotated[bool, typer.Option("--search/--no-search", help="Compare with a search's front.")] = True,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of the study. (default: runs/studies/compression-TASK)")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Trainings side by side, one thread each. (default: as many as cores)")
    ] = None,
    timed: Annotated[int, typer.Option(min=0, help="Of the repeats, how many are timed.")] = 3,
    country: CountryOption = None,
    grid_intensity: GridIntensityOption = None,
    pue: PueOption = None,
    estimate_energy: Annotated[
        bool, typer.Option("--estimate-energy", help="Tell joules as a range, from core-seconds.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Root of every random number.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Compress trained classifiers of windows in every way, and compare them with the front that a search finds.

    Stop it with Ctrl-C whenever you like: the same command continues where it stopped.

    Example: protran study compression --task watch --repeats 10
    """
    from device_agents.environment import machine_facts
    from protran.cli.compression_front import front_source
    from protran.cli.study_progress import studying
    from protran.sensors import local_meter
    from protran.studies.compression.request import StudyRequest
    from protran.studies.compression.study import compression_study, prepare
    from protran.tasks.registry import load_task

    data, names = load_task(task, parse_options(task_option)), _recipes(recipes)
    folder = out or Path("runs") / "studies" / f"compression-{_slug(Path(task).stem)}"
    carbon = _carbon(country, grid_intensity, pue, estimate_energy)
    request = StudyRequest(
        task=data,
        architectures=_architectures(models),
        folder=folder,
        repeats=repeats,
        epochs=epochs,
        timed_repeats=timed,
        seed=seed,
        jobs=jobs or machine_facts().cores,
        recipes=names,
        variants=_variants(variants),
        front=front_source(data, folder, front, runs, effort, search=search, seed=seed),
        carbon=carbon,
        meter=local_meter(),
    )
    with resumable():
        prepare(request)  # before the bar of the study: a search shows itself
        with studying(screen(stderr=True)) as observer:
            result = compression_study(request, observer)
    _say(result, folder, as_json=as_json)


def _say(result: StudyResult, folder: Path, *, as_json: bool) -> None:
    if as_json:
        front = None if result.front is None else result.front.to_json()
        comparisons = [found.to_json() for found in result.comparisons]
        files = [str(path) for path in result.files]
        told = {**result.table.to_json(), "front": front, "comparisons": comparisons}
        print_json({**told, "folder": str(folder), "files": files})
        return
    for table in (result.table, result.front):
        if table is not None:
            typer.echo(table.to_markdown())
    screen().print(f"written: {', '.join(harmless(path) for path in result.files)}", soft_wrap=True)


def _architectures(text: str) -> dict[str, Architecture]:
    """Returns the named models; all of them will read the windows of the task."""
    from protran.cli.model_file import find_model
    from protran.errors import InputError
    from search_spaces.candidate import Family

    found: dict[str, Architecture] = {}
    for word in _words(text, "--models"):
        name, architecture = _slug(Path(word).stem), find_model(word, _ANY_TASK)[0].architecture
        if architecture.family is not Family.ENCODER:
            raise InputError(f"--models: expected encoders, got the decoder {word}; `protran profile` measures those")
        if name in found or name.startswith(("front-", "student-")):
            raise InputError(f"--models: the name {name!r} is taken; rename the file")
        found[name] = architecture
    return found


def _variants(text: str | None) -> frozenset[Variant] | None:
    from protran.errors import InputError
    from protran.studies.compression.variant import WHOLE_STUDY

    if text is None:
        return None
    known = {variant.value: variant for variant in WHOLE_STUDY}
    words = _words(text, "--variants")
    wrong = [word for word in words if word not in known]
    if wrong:
        raise InputError(f"--variants: expected some of {', '.join(known)}; got {wrong[0]!r}")
    return frozenset(known[word] for word in words)


def _recipes(text: str) -> tuple[str, ...]:
    from protran.errors import InputError
    from protran.studies.compression.recipes import RECIPE_NAMES

    words = _words(text, "--recipes")
    wrong = [word for word in words if word not in RECIPE_NAMES]
    if wrong:
        raise InputError(f"--recipes: expected {' or '.join(RECIPE_NAMES)}, got {wrong[0]!r}")
    return tuple(dict.fromkeys(words))


def _carbon(country: str | None, intensity: float | None, pue: float | None, estimate: bool) -> Carbon:
    from protran.studies.compression.figures import Carbon

    if not estimate:
        return Carbon(named_grid(country, intensity, pue))
    from device_agents.meters.estimate import usable_calibration

    return Carbon(named_grid(country, intensity, pue), estimate=True, calibration=usable_calibration())


def _slug(text: str) -> str:
    from protran.names import name_from

    return name_from(text).replace(".", "-").lower()


def _words(text: str, option: str) -> list[str]:
    from protran.errors import InputError

    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise InputError(f"{option}: expected words parted by commas, got {text!r}")
    return list(dict.fromkeys(words))
