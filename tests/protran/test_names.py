from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protran.errors import InputError
from protran.names import check_name


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
