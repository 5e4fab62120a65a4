"""How a model is made to run, as options of a command; what is left out stays as the model's file says."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from search_spaces.candidate import Candidate

PrecisionOption = Annotated[
    str | None,
    typer.Option(metavar="FORMAT", help="fp32, bf16, fp16 (torch); int8-dynamic, int8-static (onnxruntime)."),
]
RuntimeOption = Annotated[str | None, typer.Option(metavar="NAME", help="torch or onnxruntime.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Processor threads.")]


def deployed(candidate: Candidate, precision: str | None, runtime: str | None, threads: int | None) -> Candidate:
    """Returns the candidate with what the options say in place of its own deployment's.

    Raises:
        SpaceError: an unknown precision or runtime, or a runtime that does not run the precision.
    """
    options = {"precision": precision, "runtime": runtime, "threads": threads}
    given = {name: value for name, value in options.items() if value is not None}
    return dataclasses.replace(candidate, deployment=dataclasses.replace(candidate.deployment, **given))  # type: ignore[arg-type]  # the deployment reads texts
