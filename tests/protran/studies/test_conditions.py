"""A study goes on only under the conditions of its beginning."""

from __future__ import annotations

import pytest

from protran.errors import InputError
from protran.studies.conditions import NAME, begin_study
from protran.studies.errors import StudyError

CONDITIONS = {"epochs": 20, "task": {"source": "watch"}, "variants": ("int8", "pruned")}


def test_the_same_conditions_go_on(tmp_path):
    begin_study(tmp_path / "new", CONDITIONS)
    begin_study(tmp_path / "new", CONDITIONS)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({**CONDITIONS, "epochs": 5}, "epochs '20', now it is '5'"),
        ({**CONDITIONS, "machine": "another"}, "machine 'None', now it is 'another'"),
    ],
)
def test_other_conditions_are_refused_by_name(tmp_path, changed, named):
    begin_study(tmp_path, CONDITIONS)
    with pytest.raises(InputError, match=named):
        begin_study(tmp_path, changed)


@pytest.mark.parametrize("content", ["{", "[]", b"\xff"])
def test_damaged_conditions_are_named(tmp_path, content):
    (tmp_path / NAME).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(StudyError, match="name another folder"):
        begin_study(tmp_path, CONDITIONS)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"make room or name another folder|name another folder"):
        begin_study(tmp_path / "file" / "study", CONDITIONS)
