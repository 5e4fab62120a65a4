from __future__ import annotations

import io

import pytest
from rich.console import Console

from device_agents.workload import Workload
from protran.cli.memory_table import bar, print_memory
from protran.report.memory_report import MemoryReport
from search_spaces.memory import inference_memory
from search_spaces.presets import preset


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, ""), (1e-9, "▏"), (0.5, "█" * 10), (1.0, "█" * 20), (1.5 / 20, "█▌")]
)
def test_a_bar_is_as_long_as_its_share_and_never_hides_what_is_there(share: float, drawn: str) -> None:
    assert bar(share) == drawn


def test_in_a_narrow_terminal_notes_wrap_and_bars_do_not() -> None:
    candidate, input_spec = preset("bert-base")
    report = MemoryReport(candidate, input_spec, Workload(), inference_memory(candidate, input_spec))
    out = io.StringIO()
    print_memory(Console(file=out, width=70), report)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert all(len(line) <= 70 for line in lines)
    (start,) = [number for number, line in enumerate(lines) if line.startswith("attention maps")]
    assert " ".join([lines[start].split("▏")[1].strip(), *(line.strip() for line in lines[start + 1 :])]) == (
        "not in the peak: computed block by block"
    )
    assert any(line.startswith("peak") and "█" * 20 in line for line in lines)
