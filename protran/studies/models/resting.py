"""Entry of a process that loads one form of a trained model, answers one document, and says by how much it grew.

What it had before (interpreter, libraries) is subtracted. It is imported once and forked for each model.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from device_agents.runner.process_memory import peak_resident_bytes, reset_peak, resident_bytes
from protran.studies.models.forms import Form, FormFiles
from search_spaces.candidate import Architecture
from search_spaces.deployment import Precision, Runtime
from search_spaces.input_spec import InputSpec

ENTRY = "protran.studies.models.resting"
PROCESS = Path("/proc/self")


def warm_up() -> None:
    """Imports the runtimes, so that forked children begin with them."""
    importlib.import_module("torch")
    importlib.import_module("onnxruntime")


def handle(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Returns ``{"pss_bytes", "running_bytes"}``: growth at rest, and at the peak of one answer.

    Each is None where the system does not say.

    Args:
        payload: ``{"path", "precision", "runtime", "architecture", "input_spec"}``.
    """
    spec = InputSpec.from_json(payload["input_spec"])
    files = FormFiles(Path(payload["path"]), Architecture.from_json(payload["architecture"]), spec, (), Path())
    form = Form(Precision(payload["precision"]), Runtime(payload["runtime"]))
    gc.collect()
    before = proportional_bytes()
    with files.answering(form, Path(payload["path"])) as answer:
        gc.collect()
        after = proportional_bytes()
        reset_peak()
        resting = resident_bytes()
        answer(np.zeros(spec.length, dtype=np.int64))
        peak = peak_resident_bytes()
    if before is None or after is None:
        return {"pss_bytes": None, "running_bytes": None}
    grown = max(0, after - before)
    running = None if resting is None or peak is None else grown + max(0, peak - resting)
    return {"pss_bytes": grown, "running_bytes": running}


def proportional_bytes(process: Path = PROCESS) -> int | None:
    """Returns the proportional set size: shared pages divided by their sharers; None where the system does not say."""
    try:
        lines = (process / "smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024  # the kernel says kB and means KiB
    return None
