from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protran.report.page.render import content_policy, render_page


class Parsed(HTMLParser):
    """The elements of a page, with the text of each script and style, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: dict[str, str] = {}
        self.title = ""
        self._inside: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self._inside = given.get("id") or tag if tag in ("script", "style", "title") else None

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data


def page(name: str = "demo", **more: object) -> str:
    return render_page({"campaign": {"name": name}, **more})


NASTY = ["</title><script>", "@DOCUMENT@", "@SCRIPT@", "\x00", "</script>", "<!--"]
PLAIN = Parsed(page())


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80) | st.sampled_from(NASTY))
def test_no_name_adds_an_element_and_every_name_reads_back(name: str) -> None:
    found = Parsed(page(name, note=name))
    assert found.tags == PLAIN.tags
    assert json.loads(found.texts["document"]) == {"campaign": {"name": name}, "note": name}


def test_a_long_name_makes_no_long_title() -> None:
    assert len(Parsed(page("x" * 10_000)).texts["title"]) < 150


def test_the_policy_allows_the_very_script_and_style_and_no_request() -> None:
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page()).group(1))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["connect-src"] == rules["base-uri"] == "'none'"
    for rule, element in (("script-src", "script"), ("style-src", "style")):
        digest = base64.b64encode(hashlib.sha256(PLAIN.texts[element].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_a_live_page_may_ask_its_own_server_alone() -> None:
    assert "connect-src 'self'" in content_policy(live=True)
    assert json.loads(Parsed(render_page({"campaign": {"name": "x"}}, {"tag": "<t>"})).texts["live"]) == {"tag": "<t>"}


def test_a_page_of_its_own_has_no_address_to_ask() -> None:
    assert json.loads(PLAIN.texts["live"]) is None
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page())


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        page(value=float("nan"))
