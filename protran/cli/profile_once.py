"""One call of a model, on one device or on several side by side; and the power trace of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protran.cli.profile_carbon import add_carbon
from protran.cli.profile_document import document_of
from protran.cli.profile_power import check_power_trace, trace_title, write_power_trace
from protran.cli.profile_remarks import why_none_counts
from protran.cli.profile_table import print_one, print_several
from protran.cli.side_by_side import ratios_to_first
from protran.cli.terminal import harmless, print_json, screen

if TYPE_CHECKING:
    from protran.carbon.grid import Grid
    from protran.cli.profile_question import Question


def profile_once(question: Question, power_trace: Path | None, *, grid: Grid | None = None, as_json: bool) -> None:
    """Measures one call on every device of the question, and prints what was found.

    Raises:
        InputError: the power trace cannot be written.
        DeviceError: nothing was measured, or a power trace was asked for and there is none.
    """
    from device_agents.errors import DeviceError

    if power_trace is not None:
        check_power_trace(power_trace, question.points, question.accelerator)
    with question.opened() as ask:
        answers = [ask(point, keep_trace=power_trace is not None) for point in question.points]
    documents = [
        document_of(question.candidate, point, answer) for point, answer in zip(question.points, answers, strict=True)
    ]
    carbon = add_carbon(documents, grid)
    if as_json:
        several: dict[str, Any] = {"devices": documents, "ratios": ratios_to_first(documents)}
        print_json(several if len(documents) > 1 else documents[0])
    measured = any(document["values"] for document in documents)
    if measured and not as_json:
        _print(question, documents)
        for line in carbon:
            screen().print(line, soft_wrap=True)
    # A rejected measurement's trace is worth a look too: it shows what happened.
    if power_trace is not None and (measured or any(answer.power_trace for answer in answers[0])):
        title = trace_title(question.model, question.points[0])
        written = write_power_trace(power_trace, title, answers[0])
        if not as_json:
            screen().print(f"power trace: {harmless(written)}", soft_wrap=True)
    if not measured:
        devices = " or ".join(point.device for point in question.points)
        reason = why_none_counts(documents[0]["measurements"])
        raise DeviceError(f"{question.model} was not measured on {devices}: {reason}")


def _print(question: Question, documents: Sequence[dict[str, Any]]) -> None:
    candidate, first = question.candidate, question.points[0]
    if len(documents) > 1:
        print_several(screen(), candidate, first, documents, question.repeats)
    else:
        print_one(screen(), candidate, first, documents[0])
