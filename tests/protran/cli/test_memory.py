from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search_spaces.candidate import Candidate
from search_spaces.memory import inference_memory, training_memory
from search_spaces.presets import preset

Run = Callable[..., Any]


def test_the_parts_of_inference_are_shown_with_bars_and_provenance(run: Run) -> None:
    ran = run("memory", "bert-tiny", "--batch", "2")
    assert (ran.code, ran.err) == (0, "")
    for words in (
        "2 layers 128",
        "inference on batch 2; exact",
        "17.54 MB  █",
        "embedding",
        "layers 1-2, each",
        "peak",
    ):
        assert words in ran.out
    assert "micro-batches" not in ran.out


def test_a_training_step_is_shown_with_the_effect_of_accumulation(run: Run) -> None:
    ran = run("memory", "t1", "--training", "--batch", "8", "--micro-batches", "2")
    for words in ("training-step on batch 8 in 2 micro-batches", "gradients", "optimizer", "of them attention maps"):
        assert words in ran.out
    table = ran.out.partition("whose gradients accumulate:")[2].splitlines()
    assert [line.split()[:2] for line in table[2:]] == [["1", "8"], ["2", "4"], ["4", "2"], ["8", "1"]]


def test_one_sequence_has_no_table_of_accumulation(run: Run) -> None:
    assert "accumulate" not in run("memory", "t1", "--training").out


@pytest.mark.parametrize("training", [False, True])
def test_the_json_is_what_is_counted(run: Run, training: bool) -> None:
    told = json.loads(run("memory", "t1", "--batch", "4", *(["--training"] if training else []), "--json").out)
    candidate, input_spec = preset("t1")
    counted = (training_memory if training else inference_memory)(candidate, input_spec, 4)
    assert told["memory"] == {"provenance": "exact", **counted.to_json()}
    assert Candidate.from_json({"architecture": told["architecture"]}) == candidate
    assert [step["micro_batches"] for step in told.get("accumulation", [])] == ([1, 2, 4] if training else [])


def test_a_decoder_has_its_output_over_the_vocabulary(run: Run, tmp_path: Path) -> None:
    layer = {"hidden": 16, "heads": ["sa_sdp", "sa_sdp"], "feed_forward": [32]}
    path = tmp_path / "decoder.json"
    path.write_text(json.dumps({"layers": [layer], "family": "decoder", "bias": False}))
    ran = run("memory", str(path))
    assert "decoder, 1 layer 16 | heads 2×sdp | ff 32 | no bias" in ran.out
    assert "text of length 1024, inference on batch 1" in ran.out
    # The logits of 1024 positions over 50,257 tokens, beside the states that they are made from; 4 bytes each.
    logits = f"{4 * 1024 * (50_257 + 16) / 1e6:.1f}"
    (output,) = [line.split()[1:3] for line in ran.out.splitlines() if line.startswith("  output")]
    assert output == [logits, "MB"]


def test_an_int8_deployment_is_counted_in_its_own_precision_too(run: Run, tmp_path: Path) -> None:
    layer = {"hidden": 16, "heads": ["sa_sdp", "sa_sdp"], "feed_forward": [32]}
    path = tmp_path / "int8.json"
    path.write_text(
        json.dumps(
            {
                "architecture": {"layers": [layer]},
                "deployment": {"precision": "int8-static", "runtime": "onnxruntime"},
            }
        )
    )
    ran = run("memory", str(path))
    assert "weights in int8-static" in ran.out
    assert "peak in int8-static" in ran.out
    told = json.loads(run("memory", str(path), "--json").out)["memory"]
    assert told["as_deployed"]["total_bytes"] - told["as_deployed"]["weight_bytes"] == told["activation_bytes"]


def test_what_a_deployment_removes_is_gone(run: Run, tmp_path: Path) -> None:
    whole = {"architecture": {"layers": [{"hidden": 16, "heads": ["sa_sdp", "sa_sdp"], "feed_forward": [32]}]}}
    sparse = {**whole, "deployment": {"layers": [{"head_sparsity": 0.5, "feed_forward_sparsity": 0.5}]}}
    sizes = []
    for name, payload in (("whole.json", whole), ("sparse.json", sparse)):
        (tmp_path / name).write_text(json.dumps(payload))
        sizes.append(json.loads(run("memory", str(tmp_path / name), "--json").out)["memory"]["weight_bytes"])
    # One head of width 8 has 3 x (16 + 1) x 8 weights before it and 8 x 16 behind; 16 channels have (16 + 1 + 16) each.
    assert sizes[0] - sizes[1] == 4 * (3 * 17 * 8 + 8 * 16 + 16 * 33)


def test_a_picture_is_drawn_and_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "memory.png"
    assert f"drawn: {path}" in run("memory", "t1", "--picture", str(path)).out
    assert path.stat().st_size > 10_000


def test_with_json_the_picture_is_drawn_and_the_output_stays_one_object(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "memory.svg"
    assert "memory" in json.loads(run("memory", "t1", "--picture", str(path), "--json").out)
    assert path.is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("bert-tini",), "did you mean 'bert-tiny'?"),
        (("t1", "--micro-batches", "2"), "micro_batches belong to a training step"),
        (("t1", "--training", "--batch", "3", "--micro-batches", "2"), "must be a multiple of micro_batches"),
        (("t1", "--batch", "0"), "'--batch'"),
        (("t1", "--picture", "memory.gif"), "a picture must end in .png"),
    ],
)
def test_what_cannot_be_counted_is_one_sentence(run: Run, arguments: tuple[str, ...], words: str) -> None:
    ran = run("memory", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
