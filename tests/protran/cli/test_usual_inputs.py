from __future__ import annotations

from protran.cli.usual_inputs import usual_inputs
from protran.tasks.registry import load_task
from search_spaces.candidate import Family
from search_spaces.presets import BERT_INPUT


def test_encoders_read_tokens_of_bert_and_windows_of_the_default_task() -> None:
    assert usual_inputs(Family.ENCODER) == {"tokens": BERT_INPUT, "windows": load_task("watch").input_spec}


def test_decoders_read_text_and_predict_its_next_token() -> None:
    (text,) = usual_inputs(Family.DECODER).values()
    assert (text.kind.value, text.length, text.vocabulary, text.classes) == ("text", 1024, 50257, 50257)
