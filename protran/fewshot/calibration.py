"""Few-shot enrolment of a device: chooses probes, has them measured, and says what that is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from device_agents.measurement import Measurement, ProfileRequest
from protran.devices import check_known, identity_of
from protran.features import FeatureMap
from protran.fewshot.asking import Answer, Asking, answers_to_json
from protran.fewshot.belief import Evidence, believe
from protran.fewshot.history import Conditions, History, histories, own_history
from protran.fewshot.measure_belief import MeasureBelief
from protran.fewshot.probes import POOL, check_count, choose_checks, choose_probes
from protran.fewshot.sources import source_of
from protran.ledger.ledger import Ledger
from protran.optimize.seeds import child_seed, deterministic_torch
from protran.tables.measurement_table import USUAL_TARGETS
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace

COUNTED = "memory_bytes"
REFERENCE = 256
"""Candidates of the sample over which a belief says how wrong it expects to be."""


Observer = Callable[[str, int, int], None]
"""Is told what is done now (`probes`, then `fits`), how many of it are done, and of how many."""


@dataclass(frozen=True)
class Plan:
    """What to calibrate.

    Attributes:
        device: the device's name.
        space: where candidates are from.
        conditions: what models read, and what a call is.
        probes: how many to measure.
        seed: of the sample from which probes are chosen, and of all else that is random.
        pool: size of that sample.
        checks: how many random candidates to measure beside them, which only judge.
    """

    device: str
    space: DesignSpace
    conditions: Conditions
    probes: int = 8
    seed: int = 0
    pool: int = POOL
    checks: int = 0

    def check(self) -> None:
        """Refuses what can be refused before the ledger is opened.

        Raises:
            InputError: the device is not known, or the sample holds fewer candidates than probes are asked for.
            SpaceError: models of the space do not read this.
            RequestError: a deployment of the space cannot run this.
        """
        check_known([self.device])
        check_count(self.space, self.probes, self.pool)
        self.conditions.input_spec.check_family(self.space.family)
        for deployment in self.space.deployments:
            self.conditions.workload.check_deployment(deployment)


@dataclass(frozen=True)
class Calibration:
    """What is known of a device after its probes.

    Attributes:
        plan: what was asked for.
        identity: of the device.
        answers: one for each probe, in the order in which they were chosen.
        checks: one for each candidate that only judges.
        measures: what is believed of each measure that is modelled.
    """

    plan: Plan
    identity: str
    answers: tuple[Answer, ...]
    checks: tuple[Answer, ...]
    measures: tuple[MeasureBelief, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the whole as one JSON object; memory is counted, and so has no error."""
        plan = self.plan
        return {
            "device": plan.device,
            "identity": self.identity,
            "space": plan.space.name,
            **plan.conditions.to_json(),
            "seed": plan.seed,
            "pool": min(plan.pool, plan.space.size),
            "probes": answers_to_json(self.answers),
            "checks": answers_to_json(self.checks),
            "measures": [*(measure.to_json() for measure in self.measures), {"name": COUNTED, "status": "counted"}],
        }


def calibrate(
    ledger: Ledger,
    plan: Plan,
    observer: Observer | None = None,
    *,
    asking: Callable[..., Asking] = Asking,
) -> Calibration:
    """Measures the probes of a device that are not in the ledger yet, and returns what they are worth.

    Repeated after an interrupt, it goes on where it stopped: the probes are the same, and those measured are known.

    Args:
        ledger: holds other devices' rows, and gets the probes'.
        plan: what to calibrate.
        observer: is told how far it is.
        asking: asks the device; see `Asking`.

    Raises:
        InputError: the plan cannot be: see `Plan.check`, which raises the same.
        DeviceError: the device is away, or answers nothing.
        LedgerError: the ledger cannot be read or written.
    """
    plan.check()
    identity = identity_of(plan.device)
    features = FeatureMap(plan.space, plan.conditions.input_spec)
    probes = choose_probes(features, plan.probes, plan.seed, plan.pool)
    chosen = [*probes, *choose_checks(plan.space, plan.checks, plan.seed, probes)]
    asked = plan.conditions.input_spec, plan.conditions.workload, identity
    requests = [ProfileRequest(candidate, *asked) for candidate in chosen]
    told = observer or _nobody
    with asking(ledger, plan.device, lambda done: told("probes", done, len(requests))) as device:
        found = device.ask(requests)
    answers, checks = tuple(found[: len(probes)]), tuple(found[len(probes) :])
    measures = _measures(
        ledger, plan, features, _history(plan, identity, answers), _history(plan, identity, checks), told
    )
    return Calibration(plan, identity, answers, checks, measures)


def _measures(
    ledger: Ledger, plan: Plan, features: FeatureMap, probed: History, checked: History, told: Observer
) -> tuple[MeasureBelief, ...]:
    others = [item for item in histories(ledger, plan.space, plan.conditions) if item.identity != probed.identity]
    seed = child_seed(plan.seed, 0, "few-shot: reference")
    drawn = sample(plan.space, min(REFERENCE, plan.space.size), SamplingMethod.SOBOL, seed)
    reference = features.of_candidates(drawn)[:, features.columns(features.hardware_names)]
    known = own_history(ledger, plan.space, plan.conditions, probed.identity)
    earlier = (
        known.without({*probed.measured, *checked.measured}) if known is not None else probed.without(probed.measured)
    )
    wanted = [measure for measure in USUAL_TARGETS if probed.values(measure)]
    total = len(wanted) * (len(others) + 1)
    done = iter(range(total))
    found: list[MeasureBelief] = []
    for measure in USUAL_TARGETS:
        sources = []
        with deterministic_torch(child_seed(plan.seed, 0, f"few-shot: {measure}")):
            if measure in wanted:  # where the device has no sensor, nothing needs to be fitted
                for history in others:
                    told("fits", next(done), total)
                    sources.append(source_of(features, history, measure))
                told("fits", next(done), total)
            found.append(believe(measure, Evidence(features, reference, earlier, probed, checked, sources)))
    return tuple(found)


def _history(plan: Plan, identity: str, answers: Sequence[Answer]) -> History:
    """Returns the good ones among these answers."""
    good: dict[str, tuple[Candidate, Measurement]] = {
        answer.request.candidate.key: (answer.request.candidate, answer.measurement)
        for answer in answers
        if answer.ok and answer.measurement is not None
    }
    return History(
        plan.device,
        identity,
        plan.conditions,
        tuple(candidate for candidate, _ in good.values()),
        {key: (measurement,) for key, (_, measurement) in good.items()},
    )


def _nobody(stage: str, done: int, total: int) -> None:
    """Watches nothing."""
