"""A campaign that solves an earlier one again, for other devices, budgets or objectives, without new trainings.

The candidates that the earlier campaign verified are profiled where they were not yet; their scores are taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from protran.campaign.campaign import plan_of
from protran.campaign.phase import Phase
from protran.config import CampaignConfig, Reuse, config_from_arguments
from protran.errors import InputError, UnknownCampaignError
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from search_spaces.candidate import Candidate

MAY_DIFFER = ("name", "devices", "objectives", "budgets", "origin", "grid")
"""What such a campaign says itself; everything else is as in the earlier one."""


def config_from_origin(ledger: Ledger, fields: Mapping[str, Any]) -> CampaignConfig:
    """Returns the configuration of a campaign that solves `fields["origin"]` again.

    Args:
        ledger: holds the earlier campaign.
        fields: of `CampaignConfig`, those of `MAY_DIFFER` alone; None counts as not given. Budgets and objectives that
            are not given are the earlier ones.

    Raises:
        InputError: there is no such campaign, or a field is given that is the earlier campaign's business.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    other = next((name for name in given if name not in MAY_DIFFER), None)
    if other is not None:
        raise InputError(
            f"expected {', '.join(MAY_DIFFER)} alone beside the earlier campaign, got {other}; leave it out"
        )
    record = earlier(ledger, str(given["origin"]))
    before = CampaignConfig.from_json(record.config["config"]).to_json()
    if given.get("name") == record.name:
        raise InputError(
            f"expected a new name, got that of the earlier campaign {record.name!r}; choose another --name"
        )
    kept = {**before, "space": record.config["space"], "reuse": Reuse.ALL.value, **given}
    return config_from_arguments(kept)


def verified_by(ledger: Ledger, charter: Mapping[str, Any], origin: str) -> list[dict[str, Any]]:
    """Returns what the earlier campaign verified, as JSON, for the charter of one that solves it again.

    Args:
        ledger: holds the earlier campaign.
        charter: of the new one.
        origin: name of the earlier one.

    Raises:
        InputError: it verified nothing yet, or its scores are of other data or other trainings.
    """
    record = earlier(ledger, origin)
    if (part := _other_part(charter, record)) is not None:
        raise InputError(
            f"the scores of {origin!r} are of another {part} than a new campaign would have, so they cannot be taken "
            f"over; start a campaign of its own, without --from"
        )
    found: dict[str, Candidate] = {}
    for step in map(plan_of, ledger.steps(record.id)):
        if step.phase is Phase.VERIFY:
            found |= {candidate.key: candidate for candidate in step.candidates}
    if record.phase != Phase.DONE.value or not found:
        raise InputError(
            f"expected a campaign that is complete, and {origin!r} is in its phase {record.phase}; finish it first "
            f"with the command that began it"
        )
    return [candidate.to_json() for candidate in found.values()]


def given_candidates(
    ledger: Ledger, charter: Mapping[str, Any], origin: str, candidates: Sequence[Candidate]
) -> list[dict[str, Any]]:
    """Returns these candidates as JSON, for the charter of a campaign that treats them as the earlier one would have.

    Args:
        ledger: holds the earlier campaign.
        charter: of the new one.
        origin: name of the earlier one.
        candidates: whom the new one begins and ends with.

    Raises:
        InputError: a new campaign would train, or measure, otherwise than the earlier one did.
    """
    record = earlier(ledger, origin)
    part = _other_part(charter, record) or ("device" if charter["devices"] != record.config["devices"] else None)
    if part is not None:
        raise InputError(
            f"expected the task, the recipe and the devices of {origin!r}, and a campaign of today has another {part}, "
            f"so its figures could not be compared; run the search anew under another name"
        )
    return [candidate.to_json() for candidate in candidates]


def check_given(charter: Mapping[str, Any], candidates: Sequence[Candidate]) -> None:
    """Raises `InputError` where candidates are given, and the campaign of this charter began with others."""
    if candidates and charter.get("origin") != [candidate.to_json() for candidate in candidates]:
        raise InputError(
            f"expected the candidates that campaign {charter['config']['name']!r} began with, got others; choose "
            f"another name"
        )


def _other_part(charter: Mapping[str, Any], record: CampaignRecord) -> str | None:
    """Returns what of its trainings a new campaign would have otherwise than an earlier one; None for nothing."""
    parts = ("task", "input_spec", "recipe", "low", "full", "refit", "distilled")
    return next((part.replace("_", " ") for part in parts if charter.get(part) != record.config.get(part)), None)


def earlier(ledger: Ledger, name: str) -> CampaignRecord:
    """Returns the earlier campaign. Raises `InputError` where there is none of this name."""
    try:
        return ledger.campaign(name)
    except UnknownCampaignError:
        raise InputError(
            f"there is no campaign {name!r} to solve again; `protran list` shows those there are"
        ) from None
