from __future__ import annotations

import pytest

from protran.report.plural import how_many


@pytest.mark.parametrize(("number", "words"), [(0, "0 candidates"), (1, "1 candidate"), (2, "2 candidates")])
def test_the_noun_agrees_with_the_number(number: int, words: str) -> None:
    assert how_many(number, "candidate") == words
