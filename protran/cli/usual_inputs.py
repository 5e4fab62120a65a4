"""What models read where nobody says what: BERT's tokens, the windows of the watch task, GPT-2's text."""

from __future__ import annotations

from search_spaces.candidate import Family
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.presets import BERT_INPUT, GPT_INPUT

_WATCH = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)


def usual_inputs(family: Family) -> dict[str, InputSpec]:
    """Returns the input specs that models of `family` can read, by their kind."""
    return {spec.kind.value: spec for spec in (BERT_INPUT, _WATCH, GPT_INPUT) if spec.kind.family is family}
