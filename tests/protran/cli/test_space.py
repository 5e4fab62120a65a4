from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

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
