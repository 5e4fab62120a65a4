from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protran.errors import InputError
from protran.names import check_campaign_name, check_name, name_from


@pytest.mark.parametrize("name", ["demo", "a", "A.b_c-9", "x" * 64, "_x", "9"])
def test_a_plain_name_is_taken_as_it_is(name: str) -> None:
    assert check_name(name, "name") == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "-x", "a/b", "a\\b", "x" * 65, "a b", "demo\n", "é", None, 3]
)
def test_a_name_that_could_leave_its_folder_is_refused(name: object) -> None:
    with pytest.raises(InputError, match="campaign name must be 1 to 64 letters"):
        check_name(name, "campaign name")


@given(st.text(max_size=70))
def test_every_name_that_passes_is_one_part_of_a_path(name: str) -> None:
    try:
        check_name(name, "name")
    except InputError:
        return
    assert Path("runs", name).resolve().parent == Path("runs").resolve()


@pytest.mark.parametrize(
    "name",
    [
        "ledger.sqlite",
        "ledger.sqlite-wal",
        "ledger.sqlite-shm",
        "ledger.sqlite.campaign-1.lock",
        "LOG.md",
        "README.md",
        "example",
        "Example",
    ],
)
def test_a_campaign_cannot_have_the_name_of_a_file_of_the_runs_folder(name: str) -> None:
    with pytest.raises(
        InputError, match=r"must differ from the files of the runs folder, got '[^\n]*'; choose another$"
    ):
        check_campaign_name(name)


@pytest.mark.parametrize("name", ["demo", "ledger", "examples", "log", "readme.md2"])
def test_a_campaign_can_have_a_name_that_is_only_similar(name: str) -> None:
    assert check_campaign_name(name) == name


def test_a_campaign_name_must_be_a_name() -> None:
    with pytest.raises(InputError, match="the campaign's name must be 1 to 64 letters"):
        check_campaign_name("../x")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("edge-small-watch", "edge-small-watch"),
        ("edge-small-my data (1)", "edge-small-my-data-1"),
        ("données é", "donnees-e"),
        (".-hidden", "hidden"),
        ("数据", "campaign"),
        ("x" * 80, "x" * 64),
    ],
)
def test_a_name_is_made_that_resembles_the_text(text: str, name: str) -> None:
    assert name_from(text) == name


@given(st.text(max_size=100))
def test_every_name_that_is_made_is_valid(text: str) -> None:
    assert check_name(name_from(text), "name") == name_from(text)
