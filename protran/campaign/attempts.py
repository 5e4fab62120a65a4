"""Attempts at one profile: a rejected measurement says nothing against its candidate, so it is asked for again.

Each attempt is a request of its own, recorded before it is submitted: a process that is killed goes on with the attempt
that it had come to. Repeat numbers below `ATTEMPT_REPEATS` say what a profile is for (see `protran.campaign.work`), and
each further attempt at it adds that number: 0, 1000 and 2000 are the first profile, 1, 1001 and 2001 verification's, 2,
1002 and 2002 the first repeat of the learn phase.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from device_agents.measurement import ProfileRequest
from protran.ledger.ledger import Ledger
from protran.ledger.records import RequestState

ATTEMPT_REPEATS = 1000
MOST_ATTEMPTS = 3
"""Times that a profile is measured at most. Where all are rejected, the candidate has no value on that device."""


@dataclass(frozen=True)
class Again:
    """A further attempt that waits for its answer.

    Attributes:
        request: what is asked for again, as it was asked first.
        attempt: 1 for the second measurement, and so on.
        reason: why the one before was rejected.
    """

    request: ProfileRequest
    attempt: int
    reason: str


def attempt_at(request: ProfileRequest, attempt: int) -> ProfileRequest:
    """Returns the request of an attempt at a profile; attempt 0 is the profile's own."""
    return dataclasses.replace(request, repeat=request.repeat + ATTEMPT_REPEATS * attempt)


def ask_for_profiles(
    ledger: Ledger, campaign_id: int, requests: Iterable[ProfileRequest], *, reuse: bool
) -> dict[str, Again]:
    """Records that a campaign asks for profiles, each as often as its rejections allow. Asking again changes nothing.

    Returns:
        Request id -> what is asked for again, where that has no answer yet.
    """
    rejections = ledger.rejections(campaign_id)
    again: dict[str, Again] = {}
    for request in requests:
        reason = ""
        for attempt in range(MOST_ATTEMPTS):
            asked = ledger.request_profile(campaign_id, attempt_at(request, attempt), reuse=reuse)
            if attempt and asked.state is RequestState.PENDING:
                again[asked.request_id] = Again(request, attempt, reason)
            if asked.request_id not in rejections:
                break
            reason = rejections[asked.request_id]
    return again
