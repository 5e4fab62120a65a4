"""The model card of an export, README.md: what the model is, what was measured, and where it comes from."""

from __future__ import annotations

import shlex

import numpy as np

from protran.deploy.card_figures import cost_text, figures_text, score_text
from protran.deploy.documents import versions
from protran.deploy.exported import Exported
from protran.deploy.format import Format
from protran.deploy.markdown import escaped, printable, table
from protran.report.architecture_line import candidate_line
from protran.tasks.base import TaskData, Windows

CARD = "README.md"


def model_card(exported: Exported, data: TaskData) -> str:
    """Returns the card in Markdown; what users named in it is escaped."""
    deployable, spec = exported.deployable, data.input_spec
    key = deployable.member.candidate.key
    sections = [
        f"# {escaped(deployable.campaign)}, candidate {key[:8]}",
        _warning(exported),
        f"A transformer that tells {spec.classes} classes apart in windows of {spec.channels} x {spec.length} samples: "
        f"{candidate_line(exported.candidate)}. ProTran found, trained and measured it.",
        "## Use",
        _use(exported, data),
        "## Figures",
        figures_text(exported),
        score_text(exported),
        "## Data",
        _data(exported, data),
        "## Meant for",
        "Windows like those it learned from: the same sensors, units, sampling rate and kind of people. It gives one "
        "of its classes to every window, to one of something else too. It was tested on nothing but the test set "
        "above; where a wrong answer can do harm, test it on data of your own first.",
        "## Where it comes from",
        _origin(exported),
    ]
    return "\n\n".join(section.strip("\n") for section in sections if section) + "\n"


def _warning(exported: Exported) -> str:
    if exported.verification.ok:
        return ""
    return (
        "**DO NOT USE: this model does not score what it should** (see Figures). It was trained again, or runs, on a "
        "machine where it comes out otherwise."
    )


def _use(exported: Exported, data: TaskData) -> str:
    needs = {
        Format.ONNX: "`run.py` needs onnxruntime and numpy, nothing else.",
        Format.TORCH: "`run.py` needs the package protran: `protran.deploy.loading.load_exported` reads the folder.",
    }[exported.form]
    names = table(("number", "class"), [(str(index), escaped(name)) for index, name in enumerate(data.classes)])
    return (
        f"    pip install -r requirements.txt\n    python run.py WINDOWS.npy\n\n{needs} It reads recorded windows, "
        f"not normalised ones: a .npy file or the array X of an .npz file, windows x {data.input_spec.channels} "
        f"channels x {data.input_spec.length} samples, or a .csv file without a head, a row a sample and a column a "
        f"channel, whose windows follow each other. The units and the sampling rate are those of the training data, "
        f"which ProTran does not know. `preprocessing.json` has what inputs are made of; `SHA256SUMS` what the files "
        f"are.\n\n{names}"
    )


def _data(exported: Exported, data: TaskData) -> str:
    request = exported.deployable.request
    rows = [
        (words, str(len(part)), str(len(np.unique(part.persons))), str(len(np.unique(part.recordings))))
        for words, part in (("fitted to", data.known), ("of these, to choose by", data.validation), ("test", data.test))
    ]
    shared = _shared(data.known, data.test)
    apart = "Nobody" if not shared else f"{shared}"
    facts = [
        f"Task {escaped(request.task_name)}, version `{printable(request.task['version'])}`.",
        f"{apart} of the test set {'is' if shared <= 1 else 'are'} in the data that the model was fitted to. Where a "
        f"task names no people, recordings stand for them. The choice among architectures was made by other trainings, "
        f"on the validation windows.",
        *(escaped(note, 600) for note in data.notes),
    ]
    return "\n\n".join([table(("set", "windows", "people", "recordings"), rows), *facts])


def _shared(known: Windows, test: Windows) -> int:
    """Returns how many people are in both sets."""
    return len(np.intersect1d(known.persons, test.persons))


def _origin(exported: Exported) -> str:
    deployable, request = exported.deployable, exported.deployable.request
    lines = [
        f"campaign {printable(deployable.campaign)}, begun {printable(deployable.began_at)}",
        f"candidate {deployable.member.candidate.key}",
        f"as this file runs {exported.candidate.key}",
        f"training {request.training_key}, seed {request.seed}, {request.fidelity.epochs} epochs",
        *([f"taught by training {request.teacher.training_key}"] if request.teacher is not None else []),
        ", ".join(f"{name} {version}" for name, version in versions().items()),
    ]
    again = f"protran export {shlex.quote(printable(deployable.campaign))} {deployable.member.candidate.key[:12]}"
    again += f" --format {exported.form.value}{' --quantize' if _quantised(exported) else ''} --out FOLDER"
    weights = (
        "kept by the campaign" if exported.kept else "trained again from the ledger's request, which gives the same"
    )
    seeds = ", ".join(map(str, deployable.seeds))
    return (
        "".join(f"    {line}\n" for line in lines)
        + f"\nThe weights were {weights}. They are those of the first of the seeds {seeds} that verification trained, "
        "fitted to training and validation windows: not of the one that scored best on the test set, whose score would "
        f"be too good.\n\n{cost_text(deployable.cost)}\n\nWith the campaign's ledger, this command makes the folder "
        f"again:\n\n    {again}"
    )


def _quantised(exported: Exported) -> bool:
    return exported.candidate.deployment.precision is not exported.deployable.member.candidate.deployment.precision
