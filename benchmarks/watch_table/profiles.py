"""The profiles behind the table: the product's own agent on this machine, an inference of one window a call."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.watch_table.conditions import read_conditions, write_conditions
from benchmarks.watch_table.plan import profile_order
from benchmarks.watch_table.progress import tell, time_left_s
from device_agents.agent import Agent
from device_agents.environment import device_identity, machine_facts
from device_agents.isolation.limits import Limits
from device_agents.measurement import PROCEDURE_VERSION, Measurement, ProfileRequest
from device_agents.reference import REFERENCE_VERSION, ReferenceLatency
from device_agents.workload import Workload
from protran.errors import InputError
from protran.profiling import LIMITS
from protran.studies.row_log import RowLog
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec

NAME = "profiles.csv"
DEVICE = "local"
WORK = "profiling"


class Device(Protocol):
    """What measures; `device_agents.agent.Agent` is one."""

    identity: str

    def profile(self, request: ProfileRequest, limits: Limits | None = None) -> Measurement:
        """Returns the answer to a request."""

    def close(self) -> None:
        """Ends it."""


@dataclass(frozen=True)
class Profile:
    """One measurement of one candidate, per call; `load` is of the machine in the minute before."""

    number: int
    repeat: int
    architecture_key: str
    request_id: str
    device_identity: str
    status: str
    reason: str
    flags: str
    latency_s: float
    latency_s_stderr: float
    latency_ratio: float
    latency_ratio_stderr: float
    core_seconds: float
    core_seconds_stderr: float
    memory_bytes: float
    peak_rss_bytes: float
    clean_share: float
    load: float
    wall_s: float
    started_at: str

    @classmethod
    def of(cls, number: int, request: ProfileRequest, found: Measurement, load: float | None) -> Profile:
        """Returns what is kept of a measurement; what was not measured is NaN."""
        values = {name: _number(value.value) for name, value in found.values.items()}
        stderr = {name: _number(value.stderr) for name, value in found.values.items()}
        return cls(
            number=number,
            repeat=request.repeat,
            architecture_key=request.candidate.architecture.key,
            request_id=found.request_id,
            device_identity=found.device_identity,
            status=found.status.value,
            reason=found.reason,
            flags=" ".join(found.flags),
            latency_s=values.get("latency_s", math.nan),
            latency_s_stderr=stderr.get("latency_s", math.nan),
            latency_ratio=values.get("latency_ratio", math.nan),
            latency_ratio_stderr=stderr.get("latency_ratio", math.nan),
            core_seconds=values.get("core_seconds", math.nan),
            core_seconds_stderr=stderr.get("core_seconds", math.nan),
            memory_bytes=values.get("memory_bytes", math.nan),
            peak_rss_bytes=values.get("peak_rss_bytes", math.nan),
            clean_share=_number(found.details.get("clean_share")),
            load=_number(load),
            wall_s=_number(found.details.get("wall_s")),
            started_at=found.started_at,
        )


def calibrated(folder: Path, agent: Callable[[], Agent] = lambda: Agent(DEVICE)) -> ReferenceLatency:
    """Returns the latency of the reference that all profiles of a folder lean on; measured before the first of them.

    Raises:
        JobFailed: the device cannot run the reference.
        InputError: the folder's profiles lean on the reference of another device or version.
    """
    known = read_conditions(folder).get(WORK)
    if known is not None:
        if (known["reference_version"], known["device_identity"]) != (REFERENCE_VERSION, device_identity()):
            raise InputError(f"{folder}: its profiles lean on another reference; name another --out")
        return ReferenceLatency.from_json(known["reference"])
    with contextlib.closing(agent()) as device:
        reference, identity = device.calibrate(), device.identity
    conditions: dict[str, Any] = {
        "reference": reference.to_json(),
        "reference_version": REFERENCE_VERSION,
        "procedure_version": PROCEDURE_VERSION,
        "device_identity": identity,
        "workload": Workload().to_json(),
        "machine": machine_facts().to_json(),
    }
    write_conditions(folder, WORK, conditions)
    return reference


def profile_all(
    candidates: Sequence[Candidate],
    input_spec: InputSpec,
    repeats: int,
    log: RowLog[Profile],
    opened: Callable[[], Device],
) -> None:
    """Measures what the log lacks, a row each; a candidate that cannot run is a row with a reason.

    Every repeat of the candidates is measured by an agent of its own, hence in another process and beside references
    whose latencies are measured anew, all but the base one's: repeats differ by what sessions differ by.

    Args:
        candidates: of the table.
        input_spec: what they read.
        repeats: of each.
        log: of the profiles.
        opened: opens an agent.

    Raises:
        JobFailed: the device was lost; what was measured stays.
        InputError: the log has rows of another device, procedure or space.
    """
    planned = profile_order(len(candidates), range(repeats))
    known = {(row.number, row.repeat) for row in log.rows}
    seconds = {row.number: row.wall_s for row in log.rows if row.status == "ok"}
    left = [place for place in planned if place not in known]
    for repeat in sorted({repeat for _, repeat in left}):
        with contextlib.closing(opened()) as device:
            _check(log.rows, candidates, input_spec, device)
            while left and left[0][1] == repeat:
                number, _ = left.pop(0)
                request, load = _request(candidates[number], input_spec, device, repeat), machine_facts().load
                row = Profile.of(number, request, device.profile(request, LIMITS), load)
                log.append(row)
                if row.status == "ok":
                    seconds[number] = row.wall_s
                what = f"profiles, candidate {number}, repeat {repeat}: {row.reason or f'{1e3 * row.latency_s:.3f} ms'}"
                tell(len(planned) - len(left), len(planned), what, time_left_s([n for n, _ in left], seconds))


def _request(candidate: Candidate, input_spec: InputSpec, device: Device, repeat: int) -> ProfileRequest:
    return ProfileRequest(candidate, input_spec, Workload(), device.identity, repeat)


def _check(rows: Sequence[Profile], candidates: Sequence[Candidate], input_spec: InputSpec, device: Device) -> None:
    """Raises `InputError` if one of the rows answers another request than this device would be asked today."""
    for row in rows:
        if row.number >= len(candidates):
            continue
        if row.request_id != _request(candidates[row.number], input_spec, device, row.repeat).request_id:
            raise InputError(
                f"the profile of candidate {row.number}, repeat {row.repeat}, is of another device, procedure or "
                f"space; name another --out"
            )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
