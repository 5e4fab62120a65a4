"""What feeds the machines of a campaign, as its configuration says it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class GridConfig(BaseModel):
    """What feeds the machines, for an effort in grams of CO2e.

    Attributes:
        country: whose grid, by its code or English name; or `intensity`.
        intensity: grams of CO2e per kilowatt-hour, where the user knows better.
        pue: power usage effectiveness of the building.
        estimate_energy: where no sensor sees it, energy may be estimated from core-seconds; the upper end counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str | None = None
    intensity: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    pue: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    estimate_energy: bool = False

    @model_validator(mode="after")
    def _must_be_one(self) -> GridConfig:
        if (self.country is None) == (self.intensity is None):
            raise ValueError("grid: expected a country or an intensity in g/kWh, one of them")
        return self
