"""What a campaign tells whoever watches it.

An observer is a function of one event. It runs in the campaign's own thread: keep it short. Observers only see; nothing
that they do changes the campaign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from protran.campaign.phase import Phase

if TYPE_CHECKING:
    from device_agents.measurement import Measurement
    from protran.front import Front
    from protran.ledger.evaluation import Evaluation
    from search_spaces.candidate import Candidate


@dataclass(frozen=True)
class CampaignOpened:
    """The campaign starts, or resumes what the ledger already holds.

    `profiles_planned` and `trainings_planned` are the most that the effort allows over all phases (an early stop of the
    learn phase makes it less).
    """

    name: str
    resumed: bool
    profiles_done: int
    profiles_planned: int
    trainings_done: int
    trainings_planned: int


@dataclass(frozen=True)
class StepStarted:
    """A step of a phase begins: these many profiles and trainings are now due (those already answered left out)."""

    phase: Phase
    step: int
    profiles: int
    trainings: int


@dataclass(frozen=True)
class ProfileDone:
    """A device answered; `measurement.status` says whether it succeeded."""

    candidate: Candidate
    measurement: Measurement
    device: str
    wall_s: float


@dataclass(frozen=True)
class TrainingDone:
    """A training ended; `evaluation.status` says whether it succeeded."""

    candidate: Candidate
    evaluation: Evaluation
    wall_s: float


@dataclass(frozen=True)
class ProposalMade:
    """A proposal was computed in `wall_s` seconds; `notes` are figures such as the predicted relative errors."""

    phase: Phase
    step: int
    candidates: int
    wall_s: float
    notes: Mapping[str, float]


@dataclass(frozen=True)
class FrontChanged:
    """The best front so far: by short trainings until the verify phase, then of verified candidates."""

    front: Front
    verified: bool


@dataclass(frozen=True)
class WaitBegan:
    """Nothing is submitted before the low-carbon hours that begin at `until`, in `wait_s` seconds."""

    until: datetime
    wait_s: float


@dataclass(frozen=True)
class Note:
    """One sentence for the user, for example that a device was lost or a job is tried again."""

    text: str


@dataclass(frozen=True)
class CampaignDone:
    """The campaign is complete; the verified front."""

    front: Front


CampaignEvent = (
    CampaignOpened
    | StepStarted
    | ProfileDone
    | TrainingDone
    | ProposalMade
    | FrontChanged
    | WaitBegan
    | Note
    | CampaignDone
)
Observer = Callable[[CampaignEvent], None]
