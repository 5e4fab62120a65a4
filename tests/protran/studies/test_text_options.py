from pathlib import Path

import pytest

from protran.studies.reuters import ReutersOptions
from protran.studies.text_options import build_options, flag, fractions, user_path, whole, word
from protran.studies.texts import TextsError
from protran.tasks.splitting import Fractions


def test_options_are_the_fields_of_a_dataclass():
    assert build_options(ReutersOptions, "reuters-r52", {"seed": 3}) == ReutersOptions(seed=3)


@pytest.mark.parametrize(
    ("name", "end"), [("sed", r"did you mean seed\?"), ("window", "leave it out"), (3, "leave it out")]
)
def test_an_unknown_option_is_one_sentence_with_a_near_name(name, end):
    with pytest.raises(TextsError, match=rf"reuters-r52: expected options among seed, .*, got {name!r}; {end}"):
        build_options(ReutersOptions, "reuters-r52", {name: 3})


@pytest.mark.parametrize("value", [-1, True, 1.0, "1", None])
def test_a_number_out_of_range_is_refused(value):
    assert whole("seed", 0, 0) == 0
    with pytest.raises(TextsError, match=f"seed must be a whole number of at least 0, got {value!r}; change it"):
        whole("seed", value, 0)


def test_flags_may_be_words():
    assert [flag("refresh", value) for value in (True, "true", " False ")] == [True, True, False]
    for value in ("yes", 1, None, []):
        with pytest.raises(TextsError, match="refresh must be true or false"):
            flag("refresh", value)


def test_an_empty_word_is_refused():
    assert word("text", "body") == "body"
    for value in (" ", 3, None):
        with pytest.raises(TextsError, match="text must be a text that is not empty"):
            word("text", value)


def test_a_path_may_begin_at_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    assert user_path("path", "~/a.csv") == Path("/somewhere/a.csv")
    for value in ("", " ", 3, None, "a\0b"):
        with pytest.raises(TextsError, match="path must be the path of a file, as text"):
            user_path("path", value)
    with pytest.raises(TextsError, match="expected a user who has a home folder"):
        user_path("path", "~nobody-of-this-name/a.csv")


def test_fractions_are_checked_as_those_of_tasks_are():
    assert fractions(0.1, 0.2) == Fractions(0.1, 0.2)
    for wrong in ((0, 0.1), (0.5, 0.5), ("a", 0.1)):
        with pytest.raises(TextsError, match="change validation or test"):
            fractions(*wrong)
