"""From a document to one HTML file that needs no other: style, scripts and data inside, and no request to anybody."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Any

from protran.report.page.bundle import asset, script, style
from protran.report.page.embedding import embedded_json
from protran.report.page.schema import Document

_LONGEST_TITLE = 120


def render_page(document: Document, live: Mapping[str, Any] | None = None) -> str:
    """Returns the page of a document as HTML.

    A policy inside it forbids every request; a live page may ask the server that it came from. Scripts and styles are
    allowed by their hashes alone, so that nothing in the data could become one.

    Args:
        document: of the schema `protran.report.page.schema`, or a list of campaigns.
        live: where a live page asks for news: ``{"document_url", "fleet_url", "list_url", "every_s", "tag"}``.

    Raises:
        ValueError: a number in the document is not finite.
    """
    return _filled(
        {
            "CSP": html.escape(content_policy(live=live is not None)),
            "TITLE": html.escape(_title(document)),
            "STYLE": style(),
            "DOCUMENT": embedded_json(document),
            "LIVE": embedded_json(live),
            "SCRIPT": script(),
        }
    )


def content_policy(*, live: bool) -> str:
    """Returns the content security policy of a page."""
    rules = {
        "default-src": "'none'",
        "script-src": _hash(script()),
        "style-src": _hash(style()),
        "connect-src": "'self'" if live else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _filled(parts: Mapping[str, str]) -> str:
    """Returns the template with its marks replaced, each once: what is filled in may look like a mark itself."""
    rest, done = asset("page.html"), []
    for mark, text in parts.items():
        before, _, rest = rest.partition(f"@{mark}@")
        done += [before, text]
    return "".join([*done, rest])


def _title(document: Document) -> str:
    campaign = document.get("campaign")
    name = "Campaigns" if campaign is None else str(campaign["name"])
    printable = "".join(char if char.isprintable() else "?" for char in name[:_LONGEST_TITLE])
    return f"{printable} | ProTran"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
