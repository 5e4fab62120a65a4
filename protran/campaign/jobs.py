"""From what a campaign has asked for to the jobs that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_agents.fleet.base import Job, ProfileJob, TaskJob
from device_agents.isolation.limits import Limits
from device_agents.measurement import ProfileRequest
from protran.campaign.problem import Problem
from protran.campaign.work import weights_folder
from protran.ledger.ledger import Ledger
from protran.sensors import energy_devices
from protran.training.request import ENTRY

PROFILE_LIMITS = Limits(time_s=180.0)
ENERGY_PROFILE_LIMITS = Limits(time_s=600.0)
"""The energy pass adds about 100 s: idle windows, a warm-up and up to seven trials; more for slow models."""
TRAINING_LIMITS = Limits(time_s=3600.0)


class PendingJobs:
    """The jobs of one campaign that have no answer yet.

    Raises:
        InputError: a device of the fleet, whose energy an objective or budget is about, has no sensor any more.
    """

    def __init__(self, problem: Problem, ledger: Ledger, campaign_id: int) -> None:
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._weights_folder = weights_folder(problem, ledger.place.folder)
        self._asker = f"{problem.config.name} {ledger.campaign(problem.config.name).created_at}"
        asked = energy_devices(problem.config)
        self._sensed = {device.identity for device in problem.devices if device.name in asked}

    def read(self) -> list[Job]:
        """Returns the profiles, then the trainings, each in the order in which they were asked."""
        profiles = self._ledger.pending_profiles(self._campaign_id)
        trainings = self._ledger.pending_trainings(self._campaign_id)
        return [
            *(self._profile(request) for request in profiles),
            *(
                TaskJob(item.training_key, ENTRY, self._with_weights_folder(item.payload), TRAINING_LIMITS)
                for item in trainings
            ),
        ]

    def _profile(self, request: ProfileRequest) -> ProfileJob:
        energy = request.device_identity in self._sensed
        limits = ENERGY_PROFILE_LIMITS if energy else PROFILE_LIMITS
        return ProfileJob(request, limits, energy, asker=self._asker)

    def _with_weights_folder(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Adds where weights are kept, which is for this process to know: the ledger may be moved."""
        folder = self._weights_folder
        return payload if folder is None else {**payload, "weights_folder": str(folder.absolute())}


def device_of(job: Job) -> str:
    """Returns the identity of the device that a job needs; a training needs none in particular."""
    return job.request.device_identity if isinstance(job, ProfileJob) else ""
