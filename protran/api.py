"""The Python face of ProTran: start a campaign, open one, list them, profile one candidate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_agents.environment import device_identity
from device_agents.fleet.base import Dispatcher
from device_agents.fleet.opening import DispatcherKind, open_dispatcher
from device_agents.measurement import Measurement
from device_agents.workload import Workload
from protran.campaign.campaign import Campaign, plan_of
from protran.campaign.charter import check_same, read_charter, write_charter
from protran.campaign.events import CampaignDone, CampaignEvent, CampaignOpened, FrontChanged, Note, Observer
from protran.campaign.findings import findings_of
from protran.campaign.fronts import front_of
from protran.campaign.limits import check_limits
from protran.campaign.origin import check_given, config_from_origin, given_candidates, verified_by
from protran.campaign.phase import Phase
from protran.campaign.problem import Device, Problem
from protran.campaign.reach import check_reachable
from protran.campaign.results import write_results
from protran.campaign.status import CampaignStatus, status_of
from protran.campaign.teacher import teacher_of_verification
from protran.campaign.view import CampaignView, opened_for
from protran.campaign.waiting import LowHoursWait
from protran.carbon.hours import LowHours
from protran.config import CampaignConfig, config_from_arguments
from protran.devices import LOCAL, check_known, identity_of
from protran.errors import InputError, UnknownCampaignError
from protran.fewshot.campaign_sources import choose_sources, source_notes, with_sources
from protran.front import Front
from protran.ledger.ledger import Ledger
from protran.ledger.place import LedgerPlace, NoLedgerError, place_for
from protran.ledger.records import CampaignRecord
from protran.names import check_campaign_name
from protran.profiling import Profiler
from protran.sensors import energy_devices, meter_of, usual_quantities
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


def start_campaign(
    config: CampaignConfig | None = None,
    *,
    runs: Path | str = RUNS,
    ledger: LedgerPlace | Path | str | None = None,
    observer: Observer | None = None,
    dispatcher: DispatcherKind | str = DispatcherKind.RAY,
    carbon_schedule: LowHours | None = None,
    candidates: Sequence[Candidate] = (),
    **fields: Any,
) -> CampaignResult:
    """Starts a campaign, or resumes the one of the same name; returns when it is complete.

    It may be interrupted or killed at any moment: the same call goes on where it stopped.

    With ``origin="demo"`` it solves that campaign again, for other ``devices``, ``budgets`` or ``objectives``: what was
    verified there is profiled where it was not yet, and nothing is trained.

    Args:
        config: what to do; or give its fields by name: ``start_campaign(name="demo", space="edge-small", …)``.
        runs: the folder with the results, and with the ledger where none is named.
        ledger: a file, or ``postgresql+psycopg://USER@HOST/DATABASE``; by default what ``PROTRAN_LEDGER`` says, or
            ``ledger.sqlite`` in `runs`.
        observer: is told what happens (see `protran.campaign.events`).
        dispatcher: ``ray``, or ``inline`` for this process alone.
        carbon_schedule: the hours in which work may begin, from `protran.carbon.hours.read_low_hours`; None for any. It
            is no part of the campaign: a resumed one may have another.
        candidates: with an origin: train and measure these as it treated its members, instead of taking its own over.
        fields: fields of `CampaignConfig`, such as ``deploy=["int8", "pruned"]`` and ``distil=True``.

    Raises:
        InputError: the configuration or the dispatcher is not valid, or a campaign of this name was begun with
            another configuration; nothing was recorded.
        LedgerError: the ledger cannot be written, or another process runs this campaign.
        CampaignError: the campaign cannot go on.
        SpaceError: the space is not valid.
        DeviceError: a device is not there.
    """
    runs = Path(runs)
    place = place_for(runs, ledger)
    config = _config(config, fields, place)
    if candidates and config.origin is None:
        raise InputError("expected an origin beside candidates, got none; name the campaign that they are to be like")
    kind = _dispatcher_kind(dispatcher)
    _check_possible(config, runs)
    with ExitStack() as stack:
        opened = stack.enter_context(Ledger.open(place))
        record = _record(opened, config, candidates)
        stack.enter_context(opened.lock(record))
        problem = read_charter(record.config)
        folder = runs / record.name
        told = _writing_results(problem, record, opened, folder, _telling_sources(record, observer or _nobody))
        if record.phase == Phase.DONE.value:
            front = front_of(problem, findings_of(opened.rows(record.id)), verified=True)
            told(CampaignDone(front))
            return CampaignResult(record.name, front, folder)
        task_from_reference(problem.task)  # says at once where the data is gone or has changed
        problem = with_sources(problem, record.config, opened)
        workers = _open_workers(opened, kind, config)
        stack.callback(workers.close)
        wait = None if carbon_schedule is None else LowHoursWait(carbon_schedule)
        return CampaignResult(record.name, Campaign(problem, record, opened, workers, told, wait=wait).run(), folder)


def open_campaign(
    name: str, *, runs: Path | str = RUNS, ledger: LedgerPlace | Path | str | None = None
) -> CampaignView:
    """Returns a campaign to look at. Raises `InputError` where there is none of this name."""
    view = CampaignView(name, place_for(runs, ledger))
    view.status()
    return view


def list_campaigns(runs: Path | str = RUNS, ledger: LedgerPlace | Path | str | None = None) -> list[CampaignStatus]:
    """Returns how far every campaign of a ledger is, oldest first; an empty folder, or database, has none."""
    try:
        opened = Ledger.open(place_for(runs, ledger), read_only=True)
    except NoLedgerError:
        return []
    with opened:
        return [status_of(opened, record) for record in opened.campaigns()]


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

    The device is this machine, one of its fleet, or a simulated one, such as ``sim:rpi4``, whose values are of
    provenance simulated. Nothing is recorded. A candidate that cannot run is a measurement with the status failed and a
    reason. With `keep_trace` measurements carry the power over time, where the device has a power sensor. To measure
    several candidates on one scale, hold a `protran.profiling.Profiler`.

    Raises:
        InputError: an unknown device, or fewer than one repeat.
        DeviceError: the device cannot run even the reference model, or was lost.
    """
    with Profiler(device) as profiler:
        return profiler.measure(candidate, input_spec, workload, repeats=repeats, keep_trace=keep_trace)


def _config(config: CampaignConfig | None, fields: dict[str, Any], place: LedgerPlace) -> CampaignConfig:
    if config is None and fields.get("origin") is not None:
        with opened_for(str(fields["origin"]), place) as ledger:
            return config_from_origin(ledger, fields)
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
    check_limits(config)
    meter_of(config)  # refuses what this machine cannot measure: it would stay empty for ever
    energy_devices(config)  # and what devices of the fleet cannot


def _record(ledger: Ledger, config: CampaignConfig, candidates: Sequence[Candidate]) -> CampaignRecord:
    """Returns the campaign of this name: the one in the ledger if it was begun alike, or else a new one."""
    try:
        record = ledger.campaign(config.name)
    except UnknownCampaignError:
        devices = [Device(name, identity_of(name)) for name in config.devices]
        charter = write_charter(config, devices, usual_quantities(config))
        problem = read_charter(charter)
        check_reachable(problem)
        if config.origin is not None:
            given = given_candidates(ledger, charter, config.origin, candidates) if candidates else None
            charter["origin"] = given or verified_by(ledger, charter, config.origin)
            charter["teacher"] = teacher_of_verification(ledger, config.origin)
        if not candidates:  # with them nothing is learned
            charter["sources"], charter["sources_left_out"] = choose_sources(ledger, problem)
        return ledger.create_campaign(config.name, charter, config.seed)
    check_same(config, record.config)
    check_given(record.config, candidates)
    return record


def _open_workers(ledger: Ledger, kind: DispatcherKind, config: CampaignConfig) -> Dispatcher:
    """Returns the dispatcher of the devices; this machine keeps its reference latency, so that seconds compare."""
    known = ledger.device(device_identity())
    reference = {"reference": dict(known.reference)} if known is not None and known.reference else {}
    return open_dispatcher(
        kind,
        config.devices,
        device_name=LOCAL,
        agent_options={**reference, "meter": meter_of(config).to_json()},
    )


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


def _telling_sources(record: CampaignRecord, observer: Observer) -> Observer:
    """Returns an observer that is also told, when the campaign begins, which devices it may start from."""

    def observe(event: CampaignEvent) -> None:
        observer(event)
        if isinstance(event, CampaignOpened) and not event.resumed:
            for note in source_notes(record.config):
                observer(Note(note))

    return observe


def _nobody(event: CampaignEvent) -> None:
    """Watches nothing."""
