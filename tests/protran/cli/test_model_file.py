from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protran.cli.model_file import find_model, read_model
from protran.errors import InputError
from protran.tasks.registry import load_task
from search_spaces.candidate import Family
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.presets import preset

LAYER = {"hidden": 8, "heads": ["sa_sdp"], "feed_forward": [16]}
SPEC = {"kind": "windows", "length": 100, "classes": 3, "channels": 2, "patch": 5}


def write(folder: Path, payload: Any) -> Path:
    path = folder / "model.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    return path


def test_a_candidate_is_read_with_its_input_spec(tmp_path: Path) -> None:
    model = read_model(
        write(tmp_path, {"architecture": {"layers": [LAYER]}, "deployment": {"threads": 2}, "input_spec": SPEC})
    )
    assert (model.candidate.architecture.layers[0].hidden, model.candidate.deployment.threads) == (8, 2)
    assert model.input_spec is not None
    assert model.input_spec.length == 100


def test_a_file_may_hold_an_architecture_alone(tmp_path: Path) -> None:
    model = read_model(write(tmp_path, {"layers": [LAYER]}))
    assert (len(model.candidate.architecture.layers), model.input_spec) == (1, None)


def test_a_candidate_of_a_printed_front_can_be_read(tmp_path: Path) -> None:
    printed = {"key": "abc", "architecture": {"layers": [LAYER]}, "deployment": {}, "values": {"error": {"value": 0.1}}}
    assert read_model(write(tmp_path, printed)).candidate.architecture.layers[0].feed_forward == (16,)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"architecture": {"layers": [{**LAYER, "wings": 2}]}}, "layer 1: unknown gene 'wings'"),
        ({"architecture": {"layers": [LAYER]}, "colour": "red"}, "unknown gene 'colour'"),
        ({"layers": [{**LAYER, "heads": ["x_y"]}]}, "head must be one of sa_sdp"),
        ({"layers": [LAYER], "input_spec": {"kind": "smells"}}, "input spec"),
        ({"layers": [LAYER], "input_spec": {"kind": "text", "length": 8, "classes": 9, "vocabulary": 9}}, "got text"),
        ({"layers": [LAYER], "family": "decoder", "input_spec": SPEC}, "expected an input spec of kind text"),
        ([1, 2], "expected a JSON object with an architecture, got list"),
        ("{nonsense", "model.json:1: expected JSON"),
        ("[" * 100_000, "expected JSON"),
    ],
)
def test_what_is_no_model_is_refused_with_its_place(tmp_path: Path, payload: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_model(write(tmp_path, payload))
    assert sentence in str(caught.value)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json: cannot be read: No such file"):
        read_model(tmp_path / "absent.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_model(path)


def test_a_decoder_that_does_not_say_what_it_reads_reads_the_text_of_gpt_2(tmp_path: Path) -> None:
    path = write(tmp_path, {"layers": [LAYER], "family": "decoder", "bias": False})
    candidate, input_spec = find_model(str(path), "watch")
    assert (candidate.architecture.family, candidate.architecture.bias) == (Family.DECODER, False)
    assert input_spec == InputSpec(InputKind.TEXT, length=1024, classes=50257, vocabulary=50257)


def test_an_encoder_that_does_not_say_what_it_reads_reads_the_input_of_the_task(tmp_path: Path) -> None:
    _, input_spec = find_model(str(write(tmp_path, {"layers": [LAYER]})), "watch")
    assert input_spec == load_task("watch").input_spec


def test_what_a_file_says_that_it_reads_goes_before_the_task(tmp_path: Path) -> None:
    _, input_spec = find_model(str(write(tmp_path, {"layers": [LAYER], "input_spec": SPEC})), "watch")
    assert input_spec == InputSpec.from_json(SPEC)


def test_a_preset_is_found_with_what_it_reads() -> None:
    assert find_model("bert-tiny", "watch") == preset("bert-tiny")
