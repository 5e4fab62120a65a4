from __future__ import annotations

import pytest

from protran.deploy.markdown import LONGEST, escaped, printable, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>", r"\<script\>"),
        ("[a](http://x)", r"\[a\](http\://x)"),
        ("a|b", r"a\|b"),
        ("a\n# b", r"a\\n\# b"),
        ("\x1b[31m", r"\\x1b\[31m"),
        ("a\u202eb", r"a\\u202eb"),
        ("`code` ![i](x) &lt; www.x.org", r"\`code\` \!\[i\](x) \&lt; www\.x.org"),
        ("plain name-1.5 é 🙂", "plain name-1.5 é 🙂"),
    ],
)
def test_what_acts_is_escaped_and_the_rest_is_as_it_was(text, shown):
    assert escaped(text) == shown


def test_long_text_is_cut():
    assert len(printable("x" * 10_000)) == LONGEST
    assert printable("x" * 10_000).endswith("…")
    assert printable("x" * LONGEST) == "x" * LONGEST


def test_a_table_has_a_line_for_each_row():
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
