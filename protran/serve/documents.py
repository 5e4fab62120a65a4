"""The documents behind live pages: read from the ledger when it has changed, and then kept.

The ledger is only read, so a campaign that runs in another process is not held up. Building a document takes a moment;
a campaign that changes faster than that is shown a moment late, and the machine keeps most of its time for its work.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from protran.campaign.page.document import PageOptions, page_document
from protran.campaign.page.reproduce import installed_version
from protran.campaign.status import status_of
from protran.campaign.view import opened_for
from protran.errors import ProTranError, UnknownCampaignError
from protran.ledger.ledger import Ledger
from protran.ledger.place import LedgerPlace, NoLedgerError
from protran.ledger.records import CampaignRecord
from protran.report.page.embedding import compact_json

REST = 4.0
"""After a document was built in a second, it is not built again for so many seconds."""
LIST_SCHEMA = "protran-campaigns"


@dataclass(frozen=True)
class Kept:
    """A document as it was built.

    Attributes:
        stamp: of what it was built from.
        content: the document.
        body: the same as bytes.
        built_at_s: when, by the clock.
        took_s: how long that took.
    """

    stamp: object
    content: dict[str, Any] = field(hash=False)
    body: bytes = field(repr=False)
    built_at_s: float = 0.0
    took_s: float = 0.0

    @property
    def tag(self) -> str:
        """The entity tag: equal for equal documents."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:24]}"'


class Documents:
    """The documents of one campaign, or of all, of a ledger; threads may share it.

    Args:
        place: where the ledger is.
        name: the one campaign that is shown; None for all.
        options: of each page.
        clock: seconds.
    """

    def __init__(
        self,
        place: LedgerPlace,
        name: str | None = None,
        options: PageOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._name = name
        self._options = options or PageOptions()
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[int, Kept] = {}

    def only_id(self) -> int | None:
        """Returns the number of the one campaign that is shown; None where all are.

        Raises:
            UnknownCampaignError: there is none of its name.
        """
        if self._name is None:
            return None
        with opened_for(self._name, self._place) as ledger:
            return ledger.campaign(self._name).id

    def campaign(self, number: int) -> Kept:
        """Returns the document of the campaign with this number in the ledger.

        Raises:
            UnknownCampaignError: there is none, or it is not shown here.
            ProTranError: it cannot be read.
        """
        with self._lock, self._ledger() as ledger:
            record = self._record(ledger, number)
            stamp = _stamp(ledger, record)
            known = self._kept.get(number)
            if known is not None and (known.stamp == stamp or self._rests(known)):
                return known
            began_s = self._clock()
            content = page_document(ledger, record.name, self._options)
            took_s = self._clock() - began_s
            made = Kept(stamp, content, compact_json(content).encode(), self._clock(), took_s)
            self._kept[number] = made
            return made

    def campaigns(self) -> Kept:
        """Returns the list of all campaigns; one that cannot be read is a row that says why."""
        try:
            with self._ledger() as ledger:
                rows = [_row(ledger, record) for record in ledger.campaigns()]
        except NoLedgerError:  # no campaign was started here yet
            rows = []
        content = {"schema": LIST_SCHEMA, "version": 1, "protran": installed_version(), "campaigns": rows}
        return Kept(None, content, compact_json(content).encode())

    def _rests(self, known: Kept) -> bool:
        return self._clock() - known.built_at_s < REST * known.took_s

    def _record(self, ledger: Ledger, number: int) -> CampaignRecord:
        found = next((record for record in ledger.campaigns() if record.id == number), None)
        if found is None or self._name not in (None, found.name):
            raise UnknownCampaignError(f"there is no campaign number {number} here; the list shows those there are")
        return found

    def _ledger(self) -> Ledger:
        return Ledger.open(self._place, read_only=True)


def campaign_url(number: int) -> str:
    """Returns the path of a campaign's page: a number, so that no name ever is part of a path."""
    return f"/campaign/{number}/"


def _stamp(ledger: Ledger, record: CampaignRecord) -> object:
    """Returns what changes whenever the ledger says something new about a campaign."""
    return record.phase, record.updated_at, ledger.progress(record.id)


def _row(ledger: Ledger, record: CampaignRecord) -> dict[str, Any]:
    try:
        status = status_of(ledger, record).to_json()
    except (ProTranError, KeyError, TypeError) as error:
        return {"id": record.id, "name": record.name, "phase": record.phase, "error": f"cannot be read: {error}"}
    return {**status, "id": record.id, "url": campaign_url(record.id)}
