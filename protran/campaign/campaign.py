"""The campaign: plans a step, records it, performs it, until there is nothing left to do."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from datetime import UTC, datetime

from device_agents.fleet.base import Dispatcher
from protran.campaign.accounting import SEARCH_BEGAN, SEARCH_CORE_S, SEARCH_S, usage_of
from protran.campaign.ahead import work_ahead
from protran.campaign.events import (
    CampaignDone,
    CampaignEvent,
    CampaignOpened,
    FrontChanged,
    Note,
    Observer,
    ProposalMade,
)
from protran.campaign.execute import DevicesGoneError, StepExecution
from protran.campaign.findings import findings_of
from protran.campaign.fronts import front_of
from protran.campaign.limits import spent
from protran.campaign.phase import Phase
from protran.campaign.plan import Planner, StepPlan
from protran.campaign.problem import Problem
from protran.campaign.waiting import LowHoursWait, PatientDispatcher
from protran.errors import CampaignError
from protran.front import Front
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord, StepRecord
from protran.report.plural import how_many
from search_spaces.candidate import Candidate

NOTES = "notes"
PROMOTED = "promoted"
HURRY = "hurry"
ELAPSED = "elapsed_s"


class Campaign:
    """Runs one campaign from wherever the ledger says that it is.

    A step is recorded before its work is asked for, and its work can be derived from it. So a process that is killed at
    any moment leaves either no step, or a step whose open work the next process finds and does.

    Args:
        problem: what the campaign is about.
        record: the campaign in the ledger.
        ledger: where everything is remembered.
        dispatcher: who does the work; the caller closes it.
        observer: is told what happens.
        wait: for the hours in which work may begin; None for any hour. It changes when things happen, not what.
        sleep: waits so many seconds, for devices to cool; what interrupts it (Ctrl-C) passes on at once.
    """

    def __init__(
        self,
        problem: Problem,
        record: CampaignRecord,
        ledger: Ledger,
        dispatcher: Dispatcher,
        observer: Observer,
        *,
        wait: LowHoursWait | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._problem = problem
        self._record = record
        self._ledger = ledger
        self._observer = observer
        self._planner = Planner(problem)
        self._wait = wait
        if wait is not None:
            dispatcher = PatientDispatcher(dispatcher, wait, observer)
        self._execution = StepExecution(problem, ledger, record.id, dispatcher, observer, sleep=sleep)
        self._started = time.monotonic()
        self._earlier_s = 0.0

    def run(self) -> Front:
        """Runs to the end and returns the verified front.

        Raises:
            LedgerError: the ledger cannot be read or written any more; the campaign can be resumed.
            CampaignError: the work gave an answer that cannot be understood, or devices are gone for good; of what was
                measured by then the front was told.
        """
        try:
            self._perform_all()
        except DevicesGoneError as error:
            front = self.front(verified=False)
            self._observer(FrontChanged(front, verified=False))
            raise CampaignError(f"{error}; {self._way_to(front)}") from error
        self._ledger.set_phase(self._record.id, Phase.DONE)
        front = self.front(verified=True)
        self._observer(CampaignDone(front))
        return front

    def _perform_all(self) -> None:
        steps = list(self._ledger.steps(self._record.id))
        self._earlier_s = float(steps[-1].info.get(ELAPSED, 0.0)) if steps else 0.0
        self._observer(self._opened(resumed=bool(steps)))
        if steps:  # the last one may be unfinished; performing it again asks for nothing that was answered
            self._perform(steps[-1].number, plan_of(steps[-1]))
        past = [plan_of(step) for step in steps]
        while (step := self._plan(past)) is not None:
            past.append(step)
            self._perform(len(past) - 1, step)

    def front(self, *, verified: bool) -> Front:
        """Returns the front: of the verified candidates, or the best so far by short trainings."""
        return front_of(self._problem, findings_of(self._ledger.rows(self._record.id)), verified=verified)

    def _plan(self, past: list[StepPlan]) -> StepPlan | None:
        began_at = datetime.now(UTC).isoformat(timespec="seconds")
        started, core_started = time.monotonic(), time.process_time()
        rows = self._ledger.rows(self._record.id)
        elapsed_s = self._elapsed_s()
        used_up = spent(self._problem.config, elapsed_s, lambda: usage_of(self._ledger, self._record))
        hurry = used_up is not None
        step = self._planner.next_step(past, findings_of(rows), hurry=hurry)
        if step is not None:
            wall_s, core_s = time.monotonic() - started, time.process_time() - core_started
            promoted = [candidate.to_json() for candidate in step.promoted]
            info = {NOTES: dict(step.notes), PROMOTED: promoted, HURRY: hurry, ELAPSED: elapsed_s}
            info |= {SEARCH_BEGAN: began_at, SEARCH_S: wall_s, SEARCH_CORE_S: core_s}
            info |= step.further_info()
            self._ledger.record_step(self._record.id, len(past), step.phase, step.candidates, len(rows), info)
            self._ledger.set_phase(self._record.id, step.phase)
            if used_up is not None:
                self._observer(Note(f"{used_up}: the search ends, what it found is verified"))
            self._observer(ProposalMade(step.phase, len(past), len(step.candidates), wall_s, step.notes))
            for remark in step.remarks:
                self._observer(Note(remark))
        return step

    def _perform(self, number: int, step: StepPlan) -> None:
        self._execution.perform(number, step)
        if step.phase is not Phase.LEARN:  # nothing is trained there, so the front stays
            verified = step.phase is Phase.VERIFY
            self._observer(FrontChanged(self.front(verified=verified), verified=verified))

    def _way_to(self, front: Front) -> str:
        """Returns how many models the front holds, and the command that shows it."""
        models = how_many(len(front.candidates), "model")
        named = shlex.quote(self._record.name)
        return f"the front of what was measured holds {models}: protran pareto {named}{self._ledger.place.options}"

    def _elapsed_s(self) -> float:
        """Seconds of work on this campaign; of a process that was killed, up to the last step that it began.

        Waiting is no work: it shall not use up the minutes that the effort allows.
        """
        waited_s = 0.0 if self._wait is None else self._wait.waited_s
        return self._earlier_s + time.monotonic() - self._started - waited_s

    def _opened(self, *, resumed: bool) -> CampaignEvent:
        progress = self._ledger.progress(self._record.id)
        effort, devices = self._problem.config.effort, len(self._problem.devices)
        profiles, trainings = effort.profiles_planned, effort.trainings_planned
        if self._problem.origin:  # profiled twice; most scores are known
            profiles = 2 * len(self._problem.origin)
            trainings = progress.trainings_answered + work_ahead(self._ledger, self._problem).trainings
        return CampaignOpened(
            name=self._record.name,
            resumed=resumed,
            profiles_done=progress.profiles_answered - progress.profiles_rejected,
            profiles_planned=profiles * devices,
            trainings_done=progress.trainings_answered,
            trainings_planned=trainings,
        )


def plan_of(record: StepRecord) -> StepPlan:
    """Returns the plan that a step was recorded from."""
    promoted = tuple(Candidate.from_json(item) for item in record.info[PROMOTED])
    plan = StepPlan(Phase(record.phase), record.proposals, promoted, record.info[NOTES])
    return plan.with_further_info(record.info)
