"""Options that say under which conditions models are, or were, measured: what they read, and what a call is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from protran.fewshot.history import Conditions
    from search_spaces.space import DesignSpace

TaskOption = Annotated[
    str | None,
    typer.Option(metavar="TASK", help="What encoders read: this task's input. (default: 128 of BERT's tokens)"),
]
SequenceOption = Annotated[
    int | None, typer.Option(min=1, metavar="LENGTH", help="Tokens or samples per sequence. (default: the input's own)")
]
BatchOption = Annotated[int, typer.Option("--batch-size", min=1, help="Sequences per call.")]


def conditions_of(space: DesignSpace, task: str | None, sequence: int | None, batch_size: int) -> Conditions:
    """Returns what models of the space read and what a call is: an inference of a batch.

    Raises:
        TaskError: there is no such task.
        SpaceError: models of the space cannot read that, or not so long.
    """
    import dataclasses

    from device_agents.workload import Workload
    from protran.fewshot.history import Conditions
    from protran.tasks.registry import load_task
    from search_spaces.candidate import Family
    from search_spaces.presets import BERT_INPUT, GPT_INPUT

    usual = GPT_INPUT if space.family is Family.DECODER else BERT_INPUT
    input_spec = usual if task is None else load_task(task).input_spec
    input_spec.check_family(space.family)
    if sequence is not None:
        input_spec = dataclasses.replace(input_spec, length=sequence)
    return Conditions(input_spec, Workload(batch_size=batch_size))
