"""Space files: a bad one gets an error with its line."""

import pytest

from search_spaces.errors import SpaceError
from search_spaces.space import load_space
from search_spaces.space_file import LARGEST_FILE_BYTES

GOOD = """\
# A comment
name: mine
layers: [1, 2]
hidden:
  - 8
  - 16
heads: [1, 2]
head_kinds: [sa_sdp, l_dct]
stacks: [1]
feed_forward: [8, 32]
conditions:
  - width >= 4
"""


def write(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_becomes_a_space(tmp_path):
    space = load_space(write(tmp_path, GOOD))
    assert (space.name, space.hidden, space.conditions[0].expression) == ("mine", (8, 16), "width >= 4")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("heads: [1, 2]", "haeds: [1, 2]", 7, "unknown gene 'haeds'; did you mean 'heads'?"),
        ("heads: [1, 2]", "frobnicate: 1", 7, "unknown gene 'frobnicate'; known are"),
        ("stacks: [1]\n", "", 2, "'stacks' is missing"),
        ("  - 16", "  - sixteen", 6, "whole numbers, got 'sixteen'"),
        ("  - 16", "  - 1.5", 6, "whole numbers, got 1.5"),
        ("  - 16", "  - true", 6, "whole numbers, got True"),
        ("  - 16", "  - 8", 6, "holds 8 twice"),
        ("[1, 2]\nhidden", "[1, 1000000]\nhidden", 3, "layers must be from 1 to 64, got 1000000"),
        ("stacks: [1]", "stacks: []", 9, "at least one choice"),
        ("stacks: [1]", "stacks: 1", 9, "list of choices, got 1"),
        ("stacks: [1]", "stacks: {a: 1}", 9, "list of choices"),
        ("stacks: [1]", "stacks:", 9, "only text, numbers"),
        ("l_dct", "l_dtc", 8, "got 'l_dtc'; did you mean 'l_d"),
        ("width >= 4", "width >= 400", 11, "the space is empty"),
        ("width >= 4", "depth >= 4", 12, "unknown gene 'depth'"),
        ("width >= 4", "[1]", 12, "condition must be text"),
        ("stacks: [1]", "stacks: [1]\nstacks: [2]", 10, "'stacks' twice"),
        ("stacks: [1]", "deployments: [{threads: 0}]\nstacks: [1]", 9, "threads must be"),
        ("stacks: [1]", "deployments: [{speed: 1}]\nstacks: [1]", 9, "unknown gene 'speed'"),
        ("stacks: [1]", "stacks: [1", 10, "expected plain YAML"),
        ("name: mine", "name: !!python/object/apply:os.system ['true']", 2, "could not determine a constructor"),
        ("name: mine", "name: !!python/name:os.system ''", 2, "could not determine a constructor"),
        ("name: mine", "name: 2026-11-22", 2, "only text, numbers"),
        ("name: mine", "name: 5", 2, "name must be text"),
        ("name: mine", "1: mine", 2, "keys must be text"),
        ("stacks: [1]", "stacks: &s [1]\nother: *s", 10, "an alias"),
    ],
)
def test_a_bad_file_gets_one_sentence_with_its_line(tmp_path, old, new, line, words):
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(SpaceError) as caught:
        load_space(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    ["", "[]", "a: b: c", "- 1\n" * 5, "[" * 20_000, "\x00", "'", "name: \x07"],
    ids=["empty", "list", "nested", "items", "deep", "null", "quote", "bell"],
)
def test_what_is_no_space_file_gets_one_sentence(tmp_path, text):
    path = write(tmp_path, text)
    with pytest.raises(SpaceError, match="expected") as caught:
        load_space(path)
    assert "\n" not in str(caught.value)


def test_a_bomb_of_aliases_is_refused_at_once(tmp_path):
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    with pytest.raises(SpaceError, match="an alias"):
        load_space(write(tmp_path, f"a0: &a0 [lol]\n{levels}\n"))


def test_a_huge_file_is_refused(tmp_path):
    with pytest.raises(SpaceError, match="is this a space file"):
        load_space(write(tmp_path, "#" * (LARGEST_FILE_BYTES + 1)))


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpaceError, match="UTF-8"):
        load_space(path)


def test_an_unknown_space_is_told_what_there_is(tmp_path):
    known = "bert-family, edge-small, flexibert-v1, flexibert-v2, gpt-small, timeseries"
    with pytest.raises(SpaceError, match=f"'nowhere': expected one of {known}"):
        load_space("nowhere")
    with pytest.raises(SpaceError, match="no space"):
        load_space(tmp_path)
