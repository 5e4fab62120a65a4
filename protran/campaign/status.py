"""How far a campaign is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from protran.training.hurdle import STOPPED, stop_of


@dataclass(frozen=True)
class CampaignStatus:
    """How far a campaign is.

    Attributes:
        name: the campaign.
        phase: value of a `Phase`.
        space: name of the design space.
        task: name or path of the task.
        devices: names.
        objectives: names.
        budgets: as the user wrote them.
        seed: root seed.
        profiles: answered and pending ones; of the answered, those that failed and those that were rejected, most of
            which were asked for again.
        trainings: answered and pending ones; of the answered, those that failed, and, where the effort stops hopeless
            ones early, those that were stopped.
        created_at: UTC time stamp, ISO 8601.
        updated_at: UTC time stamp of the last change of phase, ISO 8601.
    """

    name: str
    phase: str
    space: str
    task: str
    devices: tuple[str, ...]
    objectives: tuple[str, ...]
    budgets: tuple[str, ...]
    seed: int
    profiles: Mapping[str, int]
    trainings: Mapping[str, int]
    created_at: str
    updated_at: str

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return {name: list(item) if isinstance(item, tuple) else item for name, item in asdict(self).items()}


def status_of(ledger: Ledger, record: CampaignRecord) -> CampaignStatus:
    """Returns how far a campaign is, from the ledger alone."""
    charter, progress = record.config, ledger.progress(record.id)
    return CampaignStatus(
        name=record.name,
        phase=record.phase,
        space=str(charter["space"]["name"]),
        task=str(charter["task"]["source"]),
        devices=tuple(device["name"] for device in charter["devices"]),
        objectives=tuple(charter["objectives"]),
        budgets=tuple(charter["config"]["budgets"]),
        seed=record.seed,
        profiles={
            **_counts(progress.profiles_asked, progress.profiles_answered, progress.profiles_failed),
            "rejected": progress.profiles_rejected,
        },
        trainings={
            **_counts(progress.trainings_asked, progress.trainings_answered, progress.trainings_failed),
            **_stopped(ledger, record),
        },
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def _stopped(ledger: Ledger, record: CampaignRecord) -> dict[str, int]:
    """Returns how many trainings were stopped early; nothing where none could be, and the rows are left unread."""
    if not record.config["config"]["effort"].get("early_stopping", False):
        return {}
    answers = (row.evaluation for row in ledger.rows(record.id))
    return {STOPPED: sum(answer is not None and stop_of(answer) is not None for answer in answers)}


def _counts(asked: int, answered: int, failed: int) -> dict[str, int]:
    return {"answered": answered, "pending": asked - answered, "failed": failed}
