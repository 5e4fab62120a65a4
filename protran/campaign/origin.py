"""A campaign that solves an earlier one again, for other devices, budgets or objectives, without new trainings.

The candidates that the earlier campaign verified are profiled where they were not yet; their scores are taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    for part in ("task", "input_spec", "recipe", "low", "full", "refit"):
        if charter[part] != record.config[part]:
            raise InputError(
                f"the scores of {origin!r} are of another {part.replace('_', ' ')} than a new campaign would have, so "
                f"they cannot be taken over; start a campaign of its own, without --from"
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


def earlier(ledger: Ledger, name: str) -> CampaignRecord:
    """Returns the earlier campaign. Raises `InputError` where there is none of this name."""
    try:
        return ledger.campaign(name)
    except UnknownCampaignError:
        raise InputError(
            f"there is no campaign {name!r} to solve again; `protran list` shows those there are"
        ) from None
