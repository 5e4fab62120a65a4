"""The Python face of ProTran: start a campaign, open one, list them, profile one candidate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_agents.agent import Agent
from device_agents.environment import device_identity
from device_agents.fleet.base import Dispatcher
from device_agents.fleet.opening import DispatcherKind, open_dispatcher
from device_agents.measurement import Measurement, ProfileRequest
from device_agents.simulated import SimulatedAgent
from device_agents.simulated_devices import is_simulated
from device_agents.workload import Workload
from protran.budgets import Budget, budgets_for
from protran.campaign.campaign import Campaign, plan_of
from protran.campaign.charter import check_same, read_charter, write_charter
from protran.campaign.events import CampaignDone, CampaignEvent, FrontChanged, Observer
from protran.campaign.execute import PROFILE_LIMITS
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import front_of
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Device, Problem
from protran.campaign.results import draw_campaign, write_results
from protran.campaign.status import CampaignStatus, status_of
from protran.config import CampaignConfig, config_from_arguments
from protran.devices import LOCAL, check_known, identity_of, simulated_among
from protran.errors import InputError, UnknownCampaignError
from protran.front import Front
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from protran.names import LEDGER_FILE, check_campaign_name
from protran.objectives import objectives_for
from protran.sensors import local_meter, meter_of, usual_quantities
from protran.tasks.registry import task_from_reference
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec

RUNS = Path("runs")


@dataclass(frozen=True)
class CampaignResult:
    """What a finished campaign leaves: its verified front, and the folder with the picture."""

    name: str
    front: Front
    folder: Path


class CampaignView:
    """A campaign of the ledger, finished or not, to look at."""

    def __init__(self, name: str, runs: Path) -> None:
        self.name = name
        self._ledger_path = _ledger_path(runs, name)

    def status(self) -> CampaignStatus:
        """Returns how far it is."""
        with Ledger.open(self._ledger_path, read_only=True) as ledger:
            return status_of(ledger, ledger.campaign(self.name))

    def front(
        self,
        device: str | None = None,
        objectives: Sequence[str] | None = None,
        budgets: Sequence[str | Budget] | None = None,
    ) -> Front:
        """Returns the front of what is known by now; nothing new is measured or trained.

        Args:
            device: only objectives of this device (and those of no device).
            objectives: names, instead of the campaign's.
            budgets: such as ``latency<=3ms``. One on a quantity (and device) that the campaign has a budget on
                replaces it, and so may be looser; the campaign's other budgets stay.

        Raises:
            InputError: an unknown device, objective or unit.
        """
        problem, findings, _, verified = self._known()
        devices = [item.name for item in problem.devices]
        if device is not None and device not in devices:
            raise InputError(f"device must be one of {', '.join(devices)}; got {device!r}")
        wanted = problem.objectives if objectives is None else objectives_for(objectives, devices)
        texts = [budget.text if isinstance(budget, Budget) else budget for budget in budgets or ()]
        asked = budgets_for(texts, devices)
        return front_of(
            problem,
            findings,
            verified=verified,
            objectives=[item for item in wanted if device is None or item.device in (None, device)],
            budgets=[*_not_replaced(problem.budgets, asked), *asked],
        )

    def draw(self, front: Front, path: Path | str) -> Path:
        """Draws a front that `front` returned, among the campaign's other candidates, and returns the path.

        Raises:
            InputError: the path does not end in .png, .svg or .pdf, or cannot be written.
        """
        problem, findings, steps, verified = self._known()
        return draw_campaign(Path(path), problem, findings, steps, front, verified=verified)

    def _known(self) -> tuple[Problem, Findings, list[StepPlan], bool]:
        """Returns what is known by now, and whether the campaign has verified its front."""
        with Ledger.open(self._ledger_path, read_only=True) as ledger:
            record = ledger.campaign(self.name)
            findings = findings_of(ledger.rows(record.id))
            steps = [plan_of(step) for step in ledger.steps(record.id)]
        return read_charter(record.config), findings, steps, record.phase == Phase.DONE.value


def start_campaign(
    config: CampaignConfig | None = None,
    *,
    runs: Path | str = RUNS,
    observer: Observer | None = None,
    dispatcher: DispatcherKind | str = DispatcherKind.RAY,
    **fields: Any,
) -> CampaignResult:
    """Starts a campaign, or resumes the one of the same name; returns when it is complete.

    It may be interrupted or killed at any moment: the same call goes on where it stopped.

    Args:
        config: what to do; or give its fields by name: ``start_campaign(name="demo", space="edge-small", …)``.
        runs: the folder with the ledger and the results.
        observer: is told what happens (see `protran.campaign.events`).
        dispatcher: ``ray``, or ``inline`` for this process alone.
        fields: fields of `CampaignConfig`.

    Raises:
        InputError: the configuration or the dispatcher is not valid, or a campaign of this name was begun with
            another configuration; nothing was recorded.
        LedgerError: the ledger cannot be written, or another process runs this campaign.
        CampaignError: the campaign cannot go on.
        SpaceError: the space is not valid.
        DeviceError: a device is not there.
    """
    config = _config(config, fields)
    runs = Path(runs)
    kind = _dispatcher_kind(dispatcher)
    _check_possible(config, runs)
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(runs / LEDGER_FILE))
        record = _record(ledger, config)
        stack.enter_context(ledger.lock(record))
        problem = read_charter(record.config)
        folder = runs / record.name
        told = _writing_results(problem, record, ledger, folder, observer or _nobody)
        if record.phase == Phase.DONE.value:
            front = front_of(problem, findings_of(ledger.rows(record.id)), verified=True)
            told(CampaignDone(front))
            return CampaignResult(record.name, front, folder)
        task_from_reference(problem.task)  # says at once where the data is gone or has changed
        workers = _open_workers(ledger, kind, config)
        stack.callback(workers.close)
        return CampaignResult(record.name, Campaign(problem, record, ledger, workers, told).run(), folder)


def open_campaign(name: str, *, runs: Path | str = RUNS) -> CampaignView:
    """Returns a campaign to look at. Raises `InputError` where there is none of this name."""
    view = CampaignView(name, Path(runs))
    view.status()
    return view


def list_campaigns(runs: Path | str = RUNS) -> list[CampaignStatus]:
    """Returns how far every campaign of a folder is, oldest first; an empty folder has none."""
    path = Path(runs) / LEDGER_FILE
    if not path.is_file():
        return []
    with Ledger.open(path, read_only=True) as ledger:
        return [status_of(ledger, record) for record in ledger.campaigns()]


def profile(
    candidate: Candidate,
    input_spec: InputSpec,
    workload: Workload | None = None,
    *,
    device: str = LOCAL,
    repeats: int = 1,
    keep_trace: bool = False,
) -> list[Measurement]:
    """Measures one candidate on a device, `repeats` times, and returns the measurements.

    The device is this machine, or a simulated one, such as ``sim:rpi4``, whose values are of provenance simulated.
    Nothing is recorded. A candidate that cannot run is a measurement with the status failed and a reason. With
    `keep_trace` measurements carry the power over time, where the device has a power sensor.

    Raises:
        InputError: an unknown device, or fewer than one repeat.
        DeviceError: this machine cannot run even the reference model, or its runner was lost.
    """
    check_known([device])
    if repeats < 1:
        raise InputError(f"repeats must be at least 1, got {repeats}")
    agent = SimulatedAgent(device) if is_simulated(device) else Agent(device, meter=local_meter())
    try:
        requests = [
            ProfileRequest(candidate, input_spec, workload or Workload(), agent.identity, repeat)
            for repeat in range(repeats)
        ]
        return [agent.profile(request, PROFILE_LIMITS, keep_trace=keep_trace) for request in requests]
    finally:
        agent.close()


def _config(config: CampaignConfig | None, fields: dict[str, Any]) -> CampaignConfig:
    if config is None:
        return config_from_arguments(fields)
    if fields:
        raise InputError(f"expected a configuration or its fields, got both (field {next(iter(fields))!r})")
    return config


def _dispatcher_kind(kind: DispatcherKind | str) -> DispatcherKind:
    try:
        return DispatcherKind(kind)
    except ValueError:
        known = ", ".join(member.value for member in DispatcherKind)
        raise InputError(f"dispatcher must be one of {known}; got {kind!r}") from None


def _check_possible(config: CampaignConfig, runs: Path) -> None:
    """Refuses what can be refused before the campaign is recorded, apart from what its charter refuses."""
    folder = runs / check_campaign_name(config.name)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"the campaign's folder cannot be {folder}, which is a file; choose another name")
    check_known(config.devices)
    meter_of(config)  # refuses what this machine cannot measure: it would stay empty for ever


def _record(ledger: Ledger, config: CampaignConfig) -> CampaignRecord:
    """Returns the campaign of this name: the one in the ledger if it was begun alike, or else a new one."""
    try:
        record = ledger.campaign(config.name)
    except UnknownCampaignError:
        devices = [Device(name, identity_of(name)) for name in config.devices]
        charter = write_charter(config, devices, usual_quantities(config))
        return ledger.create_campaign(config.name, charter, config.seed)
    check_same(config, record.config)
    return record


def _open_workers(ledger: Ledger, kind: DispatcherKind, config: CampaignConfig) -> Dispatcher:
    """Returns the dispatcher of the devices; this machine keeps its reference latency, so that seconds compare."""
    known = ledger.device(device_identity())
    reference = {"reference": dict(known.reference)} if known is not None and known.reference else {}
    return open_dispatcher(
        kind,
        device_name=LOCAL,
        agent_options={**reference, "meter": meter_of(config).to_json()},
        simulated=simulated_among(config.devices),
        measures=LOCAL in config.devices,
    )


def _not_replaced(own: Sequence[Budget], asked: Sequence[Budget]) -> list[Budget]:
    """Returns the campaign's own budgets on whatever the asked ones say nothing about."""
    replaced = {(budget.quantity, budget.device) for budget in asked}
    return [budget for budget in own if (budget.quantity, budget.device) not in replaced]


def _writing_results(
    problem: Problem, record: CampaignRecord, ledger: Ledger, folder: Path, observer: Observer
) -> Observer:
    """Returns an observer that also writes the campaign's files whenever the front changes."""

    def observe(event: CampaignEvent) -> None:
        if isinstance(event, FrontChanged | CampaignDone):
            verified = isinstance(event, CampaignDone) or event.verified
            steps = [plan_of(step) for step in ledger.steps(record.id)]
            findings = findings_of(ledger.rows(record.id))
            write_results(folder, problem, findings, steps, event.front, verified=verified)
        observer(event)

    return observe


def _ledger_path(runs: Path, name: str) -> Path:
    path = runs / LEDGER_FILE
    if not path.is_file():
        raise UnknownCampaignError(
            f"there is no campaign {name!r}: {runs} holds no ledger; start one with `protran search --name {name}`, or "
            f"say where it is with --runs"
        )
    return path


def _nobody(event: CampaignEvent) -> None:
    """Watches nothing."""
