"""The tables of docs/spaces.md are those that the code gives; each test prints the row to paste where one is not."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from protran.cli.main import main
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.presets import BERT_INPUT, GPT_INPUT, PRESETS
from search_spaces.space import builtin_spaces, load_space
from search_spaces.space_facts import Counted, SpaceFacts, space_facts

TEXT = (Path(__file__).parents[1] / "docs" / "spaces.md").read_text(encoding="utf-8")
TABLES = re.split(r"^\|---.*$", TEXT, flags=re.MULTILINE)[1:]
*_, ROWS_OF_FIELDS = ([line for line in table.splitlines() if line.startswith("| `")] for table in TABLES)
ROWS = [line for line in TEXT.splitlines() if line.startswith("| `") and line not in ROWS_OF_FIELDS]
WATCH_INPUT = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
KINDS = {"sa_sdp": "sdp", "l_dft": "dft", "c_9": "c9"}


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


@cache
def facts(name: str) -> SpaceFacts:
    space = load_space(name)
    return space_facts(
        space, tuple(spec for spec in (BERT_INPUT, WATCH_INPUT, GPT_INPUT) if spec.kind.family is space.family)
    )


@pytest.mark.parametrize("name", builtin_spaces())
def test_the_choices_of_a_space_are_those_of_its_file(name):
    space = load_space(name)
    listed = [", ".join(map(str, getattr(space, gene))) for gene in ("layers", "hidden", "heads")]
    kinds = ", ".join(kind.value for kind in space.head_kinds)
    stacks = [", ".join(map(str, choices)) for choices in (space.stacks, space.feed_forward)]
    assert row(f"`{name}`", f"{space.size:.2e}", *listed, kinds, *stacks) in ROWS


@pytest.mark.parametrize("name", builtin_spaces())
def test_the_costs_of_a_space_are_its_exact_extremes(name):
    ranges = [
        f"{found[quantity].least.value:,} to {found[quantity].most.value:,}"
        for found in facts(name).ranges
        for quantity in Counted
    ]
    held = [preset for preset, known in PRESETS.items() if load_space(name).contains(known.candidate)]
    assert row(f"`{name}`", *ranges, ", ".join(held) or "-") in ROWS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_its_counted_and_its_published_number(name):
    preset = PRESETS[name]
    layers = preset.candidate.architecture.layers
    heads = " + ".join(f"{n} {KINDS[kind.value]}" for kind, n in layers[0].head_counts().items() if n)
    shape = (len(layers), layers[0].hidden, heads, layers[0].feed_forward[0])
    reads = preset.input_spec.kind.value
    assert row(f"`{name}`", *shape, reads, f"{preset.parameters:,}", preset.published, preset.source) in ROWS


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.difference])
def test_the_difference_of_a_preset_is_told(name):
    assert f"- `{name}`: {PRESETS[name].difference}." in " ".join(TEXT.split())


@pytest.mark.parametrize("name", builtin_spaces())
def test_the_source_of_a_space_is_told(name):
    assert f"- `{name}`: {load_space(name).source}." in " ".join(TEXT.split())


def test_there_is_no_row_of_a_space_or_preset_that_is_gone():
    named = {re.match(r"\| `([^`]+)`", line)[1] for line in ROWS}
    assert named == {*builtin_spaces(), *PRESETS}
    assert len(ROWS) == 2 * len(builtin_spaces()) + len(PRESETS)


EXAMPLES = {
    text.split()[1]: text for text in re.findall(r"^```yaml\n(name: .*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
}


@pytest.mark.parametrize("name", ["mine", "my-decoders", "deployed"])
def test_a_space_file_of_the_page_is_one(tmp_path, capsys, name):
    path = tmp_path / f"{name}.yaml"
    path.write_text(EXAMPLES[name], encoding="utf-8")
    assert main(["space", "check", str(path)]) == 0
    assert f"{name} is a design space" in capsys.readouterr().out


def test_every_example_of_the_page_is_run():
    assert list(EXAMPLES) == ["mine", "my-decoders", "deployed"]
    assert TEXT.count("```yaml") == len(EXAMPLES)


def test_the_fields_that_say_how_candidates_run_are_told_with_what_stands_for_them():
    usual = load_space("edge-small")
    (deployment,) = usual.deployments
    runs = f"{deployment.precision.value}, {deployment.runtime.value}, {deployment.threads} thread"
    left_out = {line.split("|")[1].strip(): line.split("|")[-2].strip() for line in ROWS_OF_FIELDS}
    assert left_out == {
        "`deployments`": runs,
        "`head_sparsity`": f"{usual.head_sparsity[0]:g}",
        "`feed_forward_sparsity`": f"{usual.feed_forward_sparsity[0]:g}",
        "`keep_fp32`": str(usual.keep_fp32[0]).lower(),
    }
