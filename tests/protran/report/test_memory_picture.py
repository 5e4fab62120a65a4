from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from matplotlib.image import imread

from device_agents.workload import Workload, WorkloadKind
from protran.errors import InputError
from protran.report.memory_picture import draw_memory
from protran.report.memory_report import MemoryReport, accumulations
from search_spaces.memory import inference_memory, training_memory
from search_spaces.presets import preset

CANDIDATE, SPEC = preset("t1")
INFERENCE = MemoryReport(CANDIDATE, SPEC, Workload(), inference_memory(CANDIDATE, SPEC))


def training(batch: int) -> MemoryReport:
    steps = tuple(accumulations(CANDIDATE, SPEC, batch))
    return MemoryReport(
        CANDIDATE, SPEC, Workload(WorkloadKind.TRAINING_STEP, batch), training_memory(CANDIDATE, SPEC, batch), steps
    )


def test_several_micro_batches_make_the_picture_wider(tmp_path: Path) -> None:
    one, four = (imread(draw_memory(training(batch), tmp_path / f"{batch}.png", dpi=40)) for batch in (1, 4))
    assert four.shape[1] > one.shape[1]


def test_the_picture_names_every_part(tmp_path: Path) -> None:
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        drawn = draw_memory(INFERENCE, tmp_path / "memory.svg").read_text(encoding="utf-8")
    for part in INFERENCE.parts:
        assert part.label in drawn


@pytest.mark.parametrize(
    ("name", "words"), [("memory.gif", r"must end in \.png"), ("no/memory.png", "No such file or directory")]
)
def test_a_picture_that_cannot_be_written_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw_memory(INFERENCE, tmp_path / name)
