"""The picture of an answered query: the front among the other candidates, what was chosen, what is predicted."""

from __future__ import annotations

from pathlib import Path

from protran.campaign.across import way_of, with_values_across
from protran.campaign.fronts import known_candidates
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.results import origins_of
from protran.front import Front
from protran.report.query_picture import draw_answer


def draw_query(known: KnownCampaign, front: Front, path: Path, *, predicted: Front | None = None) -> Path:
    """Draws a front of campaigns among their other candidates and returns `path`.

    Raises:
        InputError: the path does not end like a picture, or cannot be written.
    """
    document, devices = front.to_json(), [device.name for device in known.problem.devices]
    others = known_candidates(known.problem, known.findings, verified=known.verified)
    if (how := way_of(front.objectives, devices)) is not None:
        others = with_values_across(others, front.objectives, devices, how)
    return draw_answer(
        document,
        path,
        dominated={**document, "candidates": [member.to_json() for member in others]},
        origins=origins_of(known.steps, verified=known.verified),
        predicted=None if predicted is None else predicted.to_json(),
    )
