"""Checks and quotes of rows of texts."""

from __future__ import annotations

import pytest

from protran.studies.text_values import is_unicode, quoted


@pytest.mark.parametrize(("text", "whole"), [("naïve 🙂", True), ("", True), ("half \ud83d", False)])
def test_half_a_character_cannot_be_written(text, whole):
    assert is_unicode(text) is whole


def test_a_quote_is_short_and_ascii():
    assert quoted("é\x1b") == "'\\xe9\\x1b'"
    assert len(quoted("x" * 1000)) == 60
