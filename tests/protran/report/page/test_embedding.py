from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protran.report.page.embedding import compact_json, embedded_json

NASTY = ["</script>", "<!--", "-->", "]]>", "\u2028", "\u2029", "<SCRIPT", "&lt;", "\ud800"]
TEXTS = st.text(max_size=12) | st.sampled_from(NASTY)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_what_is_embedded_reads_back_as_it_was(document: object) -> None:
    assert json.loads(embedded_json(document)) == document


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_nothing_embedded_can_end_its_element_or_begin_a_comment(document: object) -> None:
    text = embedded_json(document)
    assert not set(text) & set("<>&\u2028\u2029")
    assert text.isascii()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        compact_json({"value": number})
