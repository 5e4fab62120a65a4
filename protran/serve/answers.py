"""From the path of a request to its answer: a handful of fixed paths and numbers, and no file behind any of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from protran.errors import ProTranError, UnknownCampaignError
from protran.report.page.embedding import compact_json
from protran.report.page.render import content_policy, render_page
from protran.serve.documents import Documents, Kept, campaign_url
from protran.serve.fleet_state import FleetState

EVERY_S = 3.0
"""How often a page asks for news."""
HTML, JSON, TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
FLEET, LIST = "/fleet.json", "/document.json"
_CAMPAIGN = re.compile(r"/campaign/([1-9][0-9]{0,8})/(document\.json)?", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """What goes back: status, body, and what kind of thing it is.

    `head` is what only this answer needs of headers.
    """

    status: HTTPStatus
    body: bytes = field(repr=False)
    kind: str = TEXT
    head: Mapping[str, str] = field(default_factory=dict, hash=False)


class Answers:
    """Answers paths; threads may share it.

    Args:
        documents: of the campaigns that are shown.
        fleet: the state of the fleet.
    """

    def __init__(self, documents: Documents, fleet: FleetState) -> None:
        self._documents = documents
        self._fleet = fleet
        self._only = documents.only_id()

    def answer(self, path: str, known_tag: str | None) -> Answer:
        """Returns the answer to a GET of a path.

        Args:
            path: without its query.
            known_tag: of the document that the browser has already.
        """
        try:
            return self._answer(path, known_tag)
        except UnknownCampaignError as error:
            return said(HTTPStatus.NOT_FOUND, str(error))
        except ProTranError as error:
            return said(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    def _answer(self, path: str, known_tag: str | None) -> Answer:
        if path == FLEET:
            return Answer(HTTPStatus.OK, compact_json(self._fleet.to_json()).encode(), JSON)
        if path == LIST and self._only is None:
            return _document(self._documents.campaigns(), known_tag)
        if path == "/":
            if self._only is not None:
                return self._page(self._only)
            kept = self._documents.campaigns()
            return _page(kept, {"document_url": LIST, "list_url": None})
        match = _CAMPAIGN.fullmatch(path)
        if match is None:
            return said(HTTPStatus.NOT_FOUND, "there is nothing here")
        number = int(match.group(1))
        return _document(self._documents.campaign(number), known_tag) if match.group(2) else self._page(number)

    def _page(self, number: int) -> Answer:
        urls = {"document_url": f"{campaign_url(number)}document.json", "list_url": "/" if self._only is None else None}
        return _page(self._documents.campaign(number), urls)


def said(status: HTTPStatus, sentence: str) -> Answer:
    """Returns an answer that is one sentence."""
    return Answer(status, f"{sentence}\n".encode(errors="replace"))


def _page(kept: Kept, urls: Mapping[str, Any]) -> Answer:
    live = {**urls, "fleet_url": FLEET, "every_s": EVERY_S, "tag": kept.tag}
    policy = f"{content_policy(live=True)}; frame-ancestors 'none'"
    body = render_page(kept.content, live).encode()
    return Answer(HTTPStatus.OK, body, HTML, {"Content-Security-Policy": policy})


def _document(kept: Kept, known_tag: str | None) -> Answer:
    head = {"ETag": kept.tag}
    if known_tag == kept.tag:
        return Answer(HTTPStatus.NOT_MODIFIED, b"", JSON, head)
    return Answer(HTTPStatus.OK, kept.body, JSON, head)
