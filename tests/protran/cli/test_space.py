from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protran.tasks.registry import load_task
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec
from search_spaces.space import load_space

Run = Callable[..., Any]

SPACES = ("bert-family", "edge-small", "flexibert-v1", "flexibert-v2", "gpt-small", "timeseries")

IMPOSSIBLE = """name: nothing
layers: [1]
hidden: [8]
heads: [2]
head_kinds: [sa_sdp]
stacks: [1]
feed_forward: [16]
conditions: ["width >= 100"]
"""


def sampled(run: Run, count: int = 1) -> list[dict[str, Any]]:
    candidates: list[dict[str, Any]] = json.loads(run("space", "sample", "edge-small", "-n", str(count), "--json").out)[
        "candidates"
    ]
    return candidates


def test_the_built_in_spaces_are_listed_with_their_exact_size(run: Run) -> None:
    spaces = {item["name"]: item for item in json.loads(run("space", "list", "--json").out)["spaces"]}
    assert {"edge-small", "flexibert-v2"} <= set(spaces)
    assert f"{spaces['flexibert-v2']['size']:.2e}" == "1.69e+88"


@pytest.mark.parametrize(
    "command", [("list",), ("show", "edge-small"), ("check", "edge-small"), ("sample", "edge-small")]
)
def test_every_space_command_speaks_to_people_too(run: Run, command: tuple[str, ...]) -> None:
    ran = run("space", *command)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.strip()


def test_a_shown_space_has_its_genes(run: Run) -> None:
    shown = json.loads(run("space", "show", "edge-small", "--json").out)
    assert shown["space"]["hidden"][0] == 8


def test_equal_seeds_give_equal_samples(run: Run) -> None:
    one, two = (run("space", "sample", "edge-small", "-n", "3", "--seed", "7", "--json").out for _ in range(2))
    assert one == two
    assert len(json.loads(one)["candidates"]) == 3


def test_a_sampling_method_that_is_unknown_is_refused(run: Run) -> None:
    ran = run("space", "sample", "edge-small", "--method", "guessing")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--method must be one of sobol" in ran.err


def test_a_space_that_is_unknown_is_one_sentence(run: Run) -> None:
    ran = run("space", "show", "nowhere")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "edge-small" in ran.err


def test_an_impossible_space_is_one_sentence_with_its_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "nothing.yaml"
    path.write_text(IMPOSSIBLE)
    ran = run("space", "check", str(path))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "nothing.yaml:8" in ran.err


def test_a_sampled_candidate_is_in_its_space(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "candidate.json"
    path.write_text(json.dumps(sampled(run)[0]))
    assert run("space", "check", "edge-small", "--candidate", str(path)).code == 0


def test_a_candidate_of_another_space_is_refused_with_the_reason(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "candidate.json"
    path.write_text(json.dumps(sampled(run)[0]))
    ran = run("space", "check", "flexibert-v2", "--candidate", str(path))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "is not in flexibert-v2: " in ran.err


@pytest.mark.parametrize("name", SPACES)
def test_every_built_in_space_can_be_listed_shown_and_explained(run: Run, name: str) -> None:
    assert name in [item["name"] for item in json.loads(run("space", "list", "--json").out)["spaces"]]
    shown, checked = run("space", "show", name), run("space", "check", name)
    assert (shown.code, checked.code) == (0, 0)
    assert f"{name} is a design space" in checked.out


def test_a_space_is_explained_with_its_designs_ranges_and_three_examples(run: Run) -> None:
    told = run("space", "check", "edge-small").out
    for words in ("9.23e+21", "128 tokens of 30,522 words", "30 patches of 5", "from 767", "to 879,547"):
        assert words in told
    for words in ("1 layer 8 | heads 1×dft | ff 8", "4 layers 128 | heads 1×c13 | ff 256/256"):
        assert words in told
    assert told.count("examples") == 1
    assert len(told.split("examples")[1].strip().splitlines()) >= 3


@pytest.mark.parametrize(("reads", "inputs"), [(None, ["tokens", "windows"]), ("windows", ["windows"])])
def test_the_explanation_as_json_has_every_extreme(run: Run, reads: str | None, inputs: list[str]) -> None:
    option = ("--input", reads) if reads else ()
    told = json.loads(run("space", "check", "flexibert-v1", *option, "--json").out)
    assert told["ok"] is True
    assert told["architectures"] == told["size"] == 240**2 + 240**4
    assert list(told["inputs"]) == inputs
    for counted in told["inputs"].values():
        for quantity in ("parameters", "macs"):
            least, most = counted[quantity]["least"], counted[quantity]["most"]
            assert least["value"] < most["value"]
            assert load_space("flexibert-v1").contains(Candidate.from_json({"architecture": most["architecture"]}))
    assert [len(example["key"]) for example in told["examples"]] == [20, 20, 20]


def test_windows_are_counted_for_what_the_default_task_reads(run: Run) -> None:
    told = json.loads(run("space", "check", "edge-small", "--input", "windows", "--json").out)
    assert InputSpec.from_json(told["inputs"]["windows"]["input_spec"]) == load_task("watch").input_spec


@pytest.mark.parametrize(
    ("space", "reads", "words"),
    [
        ("edge-small", "pictures", "--input must be one of tokens, windows where models are encoders; got 'pictures'"),
        ("edge-small", "text", "--input must be one of tokens, windows where models are encoders; got 'text'"),
        ("gpt-small", "tokens", "--input must be one of text where models are decoders; got 'tokens'"),
    ],
)
def test_an_input_that_the_models_cannot_read_is_refused(run: Run, space: str, reads: str, words: str) -> None:
    ran = run("space", "check", space, "--input", reads)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err


def test_decoders_are_explained_for_text_of_the_vocabulary_of_gpt_2(run: Run) -> None:
    told = json.loads(run("space", "check", "gpt-small", "--json").out)["inputs"]
    assert list(told) == ["text"]
    assert told["text"]["parameters"]["most"]["value"] == 124_439_808  # GPT-2 small, as published
    assert "no bias" in told["text"]["parameters"]["least"]["line"]
    assert "1024 tokens of 50,257 words, the next word after each" in run("space", "check", "gpt-small").out


DEPLOYED = """name: deployed
layers: [1, 2]
hidden: [16]
heads: [4]
head_kinds: [sa_sdp]
stacks: [1]
feed_forward: [32]
deployments:
  - {}
  - {precision: int8-dynamic, runtime: onnxruntime, threads: 2}
head_sparsity: [0, 0.25]
feed_forward_sparsity: [0, 0.5]
keep_fp32: [false, true]
"""


@pytest.fixture
def deployed(tmp_path: Path) -> str:
    path = tmp_path / "deployed.yaml"
    path.write_text(DEPLOYED)
    return str(path)


def shown(run: Run, space: str) -> list[str]:
    """Returns the rows of a shown space, with single spaces."""
    return [" ".join(line.split()) for line in run("space", "show", space).out.splitlines()]


def test_the_choices_of_deployments_are_shown(run: Run, deployed: str) -> None:
    assert {
        "head_sparsity 0, 0.25",
        "feed_forward_sparsity 0, 0.5",
        "keep_fp32 false, true",
        "deployment fp32, torch, 1 thread",
        "deployment int8-dynamic, onnxruntime, 2 threads",
    } <= set(shown(run, deployed))


def test_a_decoder_and_its_choice_of_biases_are_shown(run: Run) -> None:
    assert {"family decoder", "bias false, true"} <= set(shown(run, "gpt-small"))


def test_a_space_without_such_choices_shows_none(run: Run) -> None:
    told = run("space", "show", "edge-small").out
    for word in ("bias", "family", "deployment", "sparsity", "keep_fp32"):
        assert word not in told


def test_samples_and_explanations_say_how_a_candidate_is_deployed(run: Run, deployed: str) -> None:
    told = run("space", "sample", deployed, "-n", "40").out + run("space", "check", deployed, "--input", "windows").out
    for words in ("int8-dynamic onnxruntime 2 threads", "| heads -25%", "| ff -50%", "layer 1 in fp32"):
        assert words in told
    # By hand: two layers lose heads and channels in 4 ways each, and under int8 each may stay in fp32.
    assert f"{(4 + 8) + (4**2 + 8**2)} " in told
    assert "candidates, with their deployments" in told


def test_a_sampled_deployment_is_in_its_space_and_another_is_not(run: Run, deployed: str, tmp_path: Path) -> None:
    drawn = json.loads(run("space", "sample", deployed, "-n", "40", "--json").out)["candidates"]
    sparse = next(item for item in drawn if item.get("deployment", {}).get("layers"))
    path = tmp_path / "candidate.json"
    path.write_text(json.dumps(sparse))
    assert run("space", "check", deployed, "--candidate", str(path)).code == 0
    sparse["deployment"]["layers"][0]["head_sparsity"] = 0.75
    path.write_text(json.dumps(sparse))
    ran = run("space", "check", deployed, "--candidate", str(path))
    assert ran.code == 2
    assert "layer 1: head_sparsity must be one of [0.0, 0.25], got 0.75" in ran.err


def test_a_preset_can_be_looked_for_in_a_space(run: Run) -> None:
    assert "tinybert-4 is in bert-family" in run("space", "check", "bert-family", "--candidate", "tinybert-4").out
    ran = run("space", "check", "bert-family", "--candidate", "t1")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "t1 is not in bert-family: " in ran.err


GOOD = "name: mine\nlayers: [1, 2]\nhidden: [8]\nheads: [2]\nhead_kinds: [sa_sdp]\nstacks: [1]\nfeed_forward: [16]\n"
BAD = {
    "zero choices": ("hidden: [8]", "hidden: []", "mine.yaml:3: hidden must hold at least one choice"),
    "a cycle": ("hidden: [8]", "hidden: &sizes [8, *sizes]", "mine.yaml:3: expected plain YAML, got: an alias"),
    "an anchor used twice": (
        "heads: [2]",
        "heads: &n [2]\nmore: *n",
        "mine.yaml:5: expected plain YAML, got: an alias",
    ),
    "a million layers": ("[1, 2]", "[1000000]", "mine.yaml:2: layers must be from 1 to 64, got 1000000"),
    "a million choices": (
        "[1, 2]",
        f"[{', '.join(map(str, range(1, 1_000_001)))}]",
        "mine.yaml:1: expected a file of at",
    ),
    "a tag that runs a command": (
        "name: mine",
        "name: !!python/object/apply:os.system ['touch {folder}/run']",
        "mine.yaml:1: expected plain YAML, got: could not determine a constructor",
    ),
}


def real(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the real program in a process of its own; what hangs fails."""
    command = [sys.executable, "-m", "protran.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("what", BAD)
def test_a_bad_space_file_is_one_sentence_of_the_real_program(tmp_path: Path, what: str) -> None:
    old, new, words = BAD[what]
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new.replace("{folder}", str(tmp_path))))
    ran = real("space", "check", str(path))
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert words in ran.stderr
    assert not (tmp_path / "run").exists()


def test_the_good_file_beside_them_is_a_space(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD)
    assert run("space", "check", str(tmp_path / "mine.yaml")).code == 0


def test_a_wrong_preset_is_answered_with_the_nearest_by_the_real_program() -> None:
    ran = real("space", "check", "flexibert-v2", "--candidate", "bert-tinny")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "no preset 'bert-tinny'" in ran.stderr
    assert "did you mean 'bert-tiny'?" in ran.stderr
