"""The campaign's configuration: one model for campaign files, command line arguments and the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from device_agents.workload import Workload, WorkloadKind
from protran.budgets import Budget, budgets_for
from protran.config_errors import first_error
from protran.devices import check_device_name
from protran.effort import Effort
from protran.errors import ConfigError
from protran.grid_config import GridConfig
from protran.names import check_name
from protran.objectives import Objective, objectives_for
from protran.quantities import Quantity
from search_spaces.deploy_words import DeployWord, deploy_words

DEFAULT_OBJECTIVES = ("error", "latency", "memory")
SENSOR_OBJECTIVES = (Quantity.ENERGY_J, Quantity.PEAK_POWER_W)
"""Joined by `objectives: auto` where the device has a sensor for them."""


class ProposerKind(str, Enum):
    """Who proposes candidates in the search phase."""

    GRADIENT = "gradient"
    RANDOM = "random"


class Reuse(str, Enum):
    """Which answers of other campaigns in the same ledger may be taken over."""

    NONE = "none"
    DEVICE = "device"
    """Measurements of the same device."""
    ALL = "all"
    """Measurements of the same device, and trainings; beliefs about hardware start from other devices."""


class TaskConfig(BaseModel):
    """Which task: a built-in name or the path of a file, and how to read that file.

    Attributes:
        source: name or path.
        options: for a file or `unimib`, for example which column holds the label; the task checks them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Annotated[str, Field(min_length=1)]
    options: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, payload: Any) -> Any:
        return {"source": payload} if isinstance(payload, str) else payload


class WorkloadConfig(BaseModel):
    """What is timed: a batch of `batch_size` sequences, for a training step in `micro_batches` parts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: WorkloadKind = WorkloadKind.INFERENCE
    batch_size: Annotated[int, Field(ge=1, strict=True)] = 1
    micro_batches: Annotated[int, Field(ge=1, strict=True)] = 1

    @model_validator(mode="after")
    def _must_be_possible(self) -> WorkloadConfig:
        self.workload()
        return self

    def workload(self) -> Workload:
        """Returns the workload. Raises `RequestError` where the numbers do not go together."""
        return Workload(self.kind, self.batch_size, self.micro_batches)


def _readable_budget(text: str) -> str:
    Budget.parse(text)  # here, item by item, so that the error has the line of its item
    return text


class CampaignConfig(BaseModel):
    """All that a user decides about a campaign.

    Attributes:
        name: names the campaign and its folder.
        space: name of a built-in design space, path of a YAML file, or the space itself as a mapping.
        task: what the models learn.
        deploy: words for ways of deployment that are added to the space's own, for example ``int8,pruned`` (see
            `search_spaces.deploy_words`).
        devices: names of the devices that are measured on.
        objectives: what is made small; `auto` is error, latency and memory, and, where every device has a sensor for
            it, energy and peak power.
        budgets: hard limits, for example ``latency<=20ms``.
        workload: what is timed.
        effort: how much may be done.
        seed: root of every random number.
        proposer: who proposes candidates in the search phase.
        reuse: which answers of other campaigns may be taken over.
        distil: trainings at full fidelity learn from the best model that was found until then as well.
        origin: name of an earlier campaign in the same ledger that this one solves again, without trainings.
        grid: what feeds the machines; for an effort in grams of CO2e.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    space: Annotated[str, Field(min_length=1)] | dict[str, JsonValue]
    task: TaskConfig
    deploy: list[str] = []
    devices: Annotated[list[str], Field(min_length=1)] = ["local"]
    objectives: list[str] | Literal["auto"] = "auto"
    budgets: list[Annotated[str, AfterValidator(_readable_budget)]] = []
    workload: WorkloadConfig = WorkloadConfig()
    effort: Effort = Effort()
    seed: Annotated[int, Field(ge=0, lt=2**63, strict=True)] = 0
    proposer: ProposerKind = ProposerKind.GRADIENT
    reuse: Reuse = Reuse.NONE
    distil: Annotated[bool, Field(strict=True)] = False
    origin: str | None = None
    grid: GridConfig | None = None

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        return check_name(name, "the campaign's name")

    @field_validator("devices", "budgets", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("objectives", "deploy", mode="before")
    @classmethod
    def _split_words(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "auto":
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("deploy")
    @classmethod
    def _in_the_usual_order(cls, words: list[str]) -> list[str]:
        known = deploy_words(words)
        return [word.value for word in DeployWord if word in known]  # so that equal wishes are equal

    @field_validator("devices")
    @classmethod
    def _check_devices(cls, devices: list[str]) -> list[str]:
        for name in devices:
            check_device_name(name)
        if len(set(devices)) != len(devices):
            raise ValueError(f"devices must differ, got {', '.join(devices)}")
        return devices

    @field_validator("objectives")
    @classmethod
    def _check_objectives(cls, objectives: list[str] | str, info: ValidationInfo) -> list[str] | str:
        if isinstance(objectives, list) and "devices" in info.data:
            objectives_for(objectives, info.data["devices"])
        return objectives

    @field_validator("budgets")
    @classmethod
    def _check_budgets(cls, budgets: list[str], info: ValidationInfo) -> list[str]:
        if "devices" in info.data:
            budgets_for(budgets, info.data["devices"])
        return budgets

    @model_validator(mode="after")
    def _an_origin_is_taken_over(self) -> CampaignConfig:
        if self.origin is not None and self.reuse is not Reuse.ALL:
            raise ValueError(
                f"expected reuse: all beside an origin, whose answers are taken over, got {self.reuse.value}"
            )
        return self

    @model_validator(mode="after")
    def _grams_need_a_grid(self) -> CampaignConfig:
        if self.effort.co2e_g is not None and self.grid is None:
            raise ValueError(
                "an effort in grams of CO2e needs to know what feeds the machines, got no grid; add --country DE or "
                "--grid-intensity G (in a file: grid)"
            )
        return self

    @model_validator(mode="after")
    def _memory_is_that_of_an_inference(self) -> CampaignConfig:
        if self.workload.kind is WorkloadKind.TRAINING_STEP:
            asked = objectives_for(self.objectives, self.devices) if self.objectives != "auto" else ()
            chosen = [item.quantity for item in asked]
            chosen += [budget.quantity for budget in budgets_for(self.budgets, self.devices)]
            if Quantity.MEMORY_BYTES in chosen:
                raise ValueError(
                    "a campaign chooses by the memory of an inference, not of a training step; leave memory out of "
                    "objectives and budgets (`protran memory --training` counts it)"
                )
        return self

    @model_validator(mode="after")
    def _only_torch_trains(self) -> CampaignConfig:
        if self.workload.kind is WorkloadKind.TRAINING_STEP:
            other = next((word for word in self.deploy_list() if word.needs_onnxruntime), None)
            if other is not None:
                raise ValueError(
                    f"deploy: expected words that torch runs beside a workload of training steps (fp32, bf16, pruned), "
                    f"got {other.value}; leave it out, or take the workload inference"
                )
        return self

    @model_validator(mode="after")
    def _a_teacher_is_trained_in_the_search(self) -> CampaignConfig:
        if self.distil and not (self.effort.search_rounds and self.effort.search_promotions):
            raise ValueError(
                "distil: expected an effort whose search trains some models at full fidelity, the best of which then "
                "teaches, got none; allow more evaluations (in a file: search_rounds and search_promotions of at least "
                "1), or leave it out"
            )
        return self

    def deploy_list(self) -> tuple[DeployWord, ...]:
        """Returns the ways of deployment that are added to the space's own."""
        return deploy_words(self.deploy)

    def objective_list(self, measurable: Collection[Quantity] = ()) -> tuple[Objective, ...]:
        """Returns the objectives.

        Args:
            measurable: the sensor quantities that every device of the campaign can measure; `auto` includes them.
        """
        if self.objectives != "auto":
            return objectives_for(self.objectives, self.devices)
        training = self.workload.kind is WorkloadKind.TRAINING_STEP
        usual = [name for name in DEFAULT_OBJECTIVES if not (training and name == Quantity.MEMORY_BYTES.short_name)]
        sensed = [quantity.value for quantity in SENSOR_OBJECTIVES if quantity in measurable]
        return objectives_for([*usual, *sensed], self.devices)

    def budget_list(self) -> tuple[Budget, ...]:
        """Returns the budgets, for each device that they are about."""
        return budgets_for(self.budgets, self.devices)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object with every field, defaults too, so that later defaults do not change this campaign."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, payload: Any) -> CampaignConfig:
        """Returns the configuration that `to_json` wrote. Raises `ConfigError` on anything else."""
        return config_from_arguments(payload)


def config_from_arguments(arguments: Mapping[str, Any]) -> CampaignConfig:
    """Returns the configuration of these fields; a field that is None counts as not given.

    Raises:
        ConfigError: a field is unknown, missing or wrong; the message names the first such field.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        return CampaignConfig.model_validate(given)
    except ValidationError as error:
        raise ConfigError(first_error(error, CampaignConfig)[1]) from None
