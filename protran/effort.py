"""Effort: how much a campaign may do. Three presets, and every number can be set alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from protran.effort_amounts import read_effort

Count = Annotated[int, Field(ge=0, strict=True)]
Positive = Annotated[int, Field(ge=1, strict=True)]


class EffortPreset(str, Enum):
    """Named efforts; the times are for the task `watch` on two cores."""

    DEMO = "demo"
    """At most eight minutes."""
    QUICK = "quick"
    """About half an hour."""
    STANDARD = "standard"
    """Some hours."""


class Effort(BaseModel):
    """How much of everything. Numbers that are not given come from the preset.

    Attributes:
        preset: where the other numbers come from.
        seed_candidates: size of the low-discrepancy sample of the seed phase.
        learn_profiles: most profiles of the learn phase, on each device.
        learn_batch: profiles between two fits of the surrogates in the learn phase.
        target_error: the learn phase ends when each hardware surrogate is confident that its mean relative error is
            below this.
        search_rounds: proposals of the search phase.
        search_batch: candidates in each proposal.
        search_promotions: members of the front that are trained at full fidelity beside each proposal.
        probe_profiles: candidates that are profiled and not trained beside each proposal, so that the next one chooses
            among them with their hardware known; proposals by gradients only.
        early_stopping: whether short trainings of the search are stopped once the front is out of their reach.
        low_fidelity_trainings: most trainings at low fidelity, seed and search phases together; None: every candidate.
        verify_limit: candidates that are verified: the front, and where it is smaller, those next to it.
        verify_seeds: trainings at full fidelity of each of them, with different seeds; and as many on training and
            validation data together.
        minutes: wall-clock minutes after which the search ends and what was found is verified; None for no limit.
        co2e_g: grams of CO2e after which the search ends and what was found is verified; None for no limit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: EffortPreset = EffortPreset.STANDARD
    seed_candidates: Positive = 16
    learn_profiles: Count = 64
    learn_batch: Positive = 8
    target_error: Annotated[float, Field(gt=0, lt=1)] = 0.05
    search_rounds: Count = 24
    search_batch: Positive = 4
    search_promotions: Count = 1
    probe_profiles: Count = 0
    early_stopping: Annotated[bool, Field(strict=True)] = False
    low_fidelity_trainings: Count | None = None
    verify_limit: Positive = 16
    verify_seeds: Positive = 3
    minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    co2e_g: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, payload: Any) -> Any:
        if isinstance(payload, EffortPreset):
            payload = {"preset": payload}
        elif isinstance(payload, str):
            payload = read_effort(payload)
            evaluations = payload.get("low_fidelity_trainings")
            if evaluations is not None:
                payload = {**payload, **_rounds_for(evaluations)}
        if not isinstance(payload, Mapping):
            return payload
        try:
            preset = EffortPreset(payload.get("preset", EffortPreset.STANDARD))
        except ValueError:
            return dict(payload)  # the field's own validation names the choices
        return {**_PRESETS[preset], **payload, "preset": preset}

    @property
    def profiles_planned(self) -> int:
        """The most profiles on one device, over all phases."""
        in_a_round = self.search_batch + self.probe_profiles
        return self.seed_candidates + self.learn_profiles + self.search_rounds * in_a_round + self.verify_limit

    @property
    def trainings_planned(self) -> int:
        """The most trainings, over all phases."""
        low = self.seed_candidates + self.search_rounds * self.search_batch
        if self.low_fidelity_trainings is not None:
            low = min(low, self.low_fidelity_trainings)
        promoted = self.search_rounds * self.search_promotions
        return low + promoted + 2 * self.verify_limit * self.verify_seeds


def _rounds_for(evaluations: int) -> Mapping[str, int]:
    """Returns the seeds and rounds of the search that come to so many candidates with a score."""
    usual = Effort.model_fields
    seeds = min(evaluations, usual["seed_candidates"].default)
    rounds = math.ceil((evaluations - seeds) / usual["search_batch"].default)
    return {"seed_candidates": seeds, "search_rounds": rounds}


_PRESETS: Mapping[EffortPreset, Mapping[str, Any]] = {
    EffortPreset.DEMO: {
        "learn_profiles": 8,
        "learn_batch": 4,
        "target_error": 0.04,
        "search_rounds": 4,
        "verify_limit": 6,
        "verify_seeds": 2,
        "minutes": 5.0,
    },
    EffortPreset.QUICK: {
        "learn_profiles": 32,
        "target_error": 0.08,
        "search_rounds": 10,
        "verify_limit": 10,
        "verify_seeds": 2,
        "minutes": 30.0,
    },
    EffortPreset.STANDARD: {},
}
