from __future__ import annotations

import dataclasses
import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from protran.campaign.events import (
    CampaignDone,
    CampaignEvent,
    CampaignOpened,
    FrontChanged,
    Note,
    ProfileDone,
    ProposalMade,
    StepStarted,
    TrainingDone,
    WaitBegan,
)
from protran.campaign.phase import Phase
from protran.cli.event_line import training_text
from protran.cli.live import LiveView, watching
from protran.cli.progress import Progress
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

ARCHITECTURE = Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),))
CANDIDATE = Candidate(ARCHITECTURE)
HOSTILE = "[bold red]\x1b[2Jname"


def measured(status: MeasurementStatus = MeasurementStatus.OK) -> ProfileDone:
    values = {"latency_s": Value(0.00182, 0.00003, Provenance.MEASURED_COUNTER)}
    measurement = Measurement("r", "d", status, values if status is MeasurementStatus.OK else {}, reason=HOSTILE)
    return ProfileDone(CANDIDATE, measurement, "local", 2.0)


def trained(status: EvaluationStatus = EvaluationStatus.OK) -> TrainingDone:
    ok = status is EvaluationStatus.OK
    evaluation = Evaluation(
        "key",
        ARCHITECTURE,
        "watch",
        Fidelity(6),
        0,
        status,
        metrics={"validation_accuracy": 0.8} if ok else {},
        stderr={"validation_accuracy": 0.01} if ok else {},
        reason="" if ok else "out of memory",
        epochs=6,
        details={"history": [{"train_loss": 0.61, "validation_loss": 0.72}]} if ok else {},
    )
    return TrainingDone(CANDIDATE, evaluation, 6.5)


@pytest.fixture
def events(front_document: Callable[..., dict[str, Any]]) -> list[CampaignEvent]:
    front: Any = SimpleNamespace(to_json=front_document)
    return [
        CampaignOpened(HOSTILE, True, 3, 20, 1, 10),
        StepStarted(Phase.SEED, 1, 4, 4),
        measured(),
        measured(MeasurementStatus.FAILED),
        trained(),
        trained(EvaluationStatus.FAILED),
        ProposalMade(Phase.SEARCH, 2, 4, 1.25, {"latency_s": 0.043}),
        FrontChanged(front, verified=False),
        Note(HOSTILE),
        WAIT,
        CampaignDone(front),
    ]


def test_a_pipe_gets_one_plain_line_an_event(events: list[CampaignEvent]) -> None:
    stream = io.StringIO()
    with watching(Console(file=stream, markup=False, emoji=False, highlight=False)) as observe:
        for event in events:
            observe(event)
    text = stream.getvalue()
    assert len(text.splitlines()) == len(events)
    assert "\x1b" not in text
    for words in (
        "name resumes: 3 profiles and 1 trainings done, at most 20 profiles and 10 trainings",
        "seed step 1: 4 profiles and 4 trainings due",
        "profile 4/20: 1.820 ± 0.030 ms on local [1 layer 8 | heads 1×dft | ff 16]",
        "profile 5/20: failed on local",
        "error 20.0 ± 1.0 %, train loss 0.610, validation loss 0.720 after 6 epochs in 6.5 s",
        "training 3/10: failed: out of memory",
        "proposed 4 candidates in 1.2 s: latency_s 0.043",
        "front so far: 4 candidates",
    ):
        assert words in text


@pytest.mark.parametrize("width", [10, 24, 80, 200])
@pytest.mark.parametrize("seen", [0, 1, 10, 11])
def test_the_view_fits_every_terminal_at_every_moment(events: list[CampaignEvent], width: int, seen: int) -> None:
    progress = Progress()
    for event in events[:seen]:
        progress.observe(event)
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    console.print(LiveView(progress))
    assert max(map(len, console.file.getvalue().splitlines())) <= width  # type: ignore[attr-defined]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts this machine in a time zone."""
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


WAIT = WaitBegan(datetime(2026, 11, 27, 9, 0, tzinfo=UTC), 19380.0)
WAITING = "waiting for low-carbon hours: goes on at 2026-11-27 10:00 CET, in 5:23:00"


def test_a_wait_is_one_line_with_the_time_on_the_clock_of_this_machine(berlin: None) -> None:
    stream = io.StringIO()
    with watching(Console(file=stream, markup=False, emoji=False, highlight=False)) as observe:
        observe(WAIT)
    assert stream.getvalue() == f"[0:00] {WAITING}\n"


def test_the_view_shows_a_wait_for_as_long_as_it_lasts(berlin: None) -> None:
    progress = Progress()
    shown = []
    for event in (WAIT, Note("work")):
        progress.observe(event)
        console = Console(file=io.StringIO(), width=120, markup=False, emoji=False, highlight=False)
        console.print(LiveView(progress))
        shown.append(WAITING in console.file.getvalue())  # type: ignore[attr-defined]
    assert shown == [True, False]


def test_a_refit_shows_its_test_error_and_no_validation_loss() -> None:
    done = trained()
    refit = dataclasses.replace(
        done.evaluation,
        fidelity=Fidelity(6, refit=True),
        metrics={"test_accuracy": 0.7},
        stderr={"test_accuracy": 0.01},
        details={"history": [{"train_loss": 0.61, "validation_loss": None}]},
    )
    text = training_text(dataclasses.replace(done, evaluation=refit))
    assert text.startswith("refit, test error 30.0 ± 1.0 %, train loss 0.610 after 6 epochs")


def test_the_bar_has_a_line_of_its_own(events: list[CampaignEvent]) -> None:
    progress = Progress()
    for event in events:
        progress.observe(event)
    stream = io.StringIO()
    Console(file=stream, width=100, markup=False).print(LiveView(progress))
    (bar,) = [line for line in stream.getvalue().splitlines() if "━" in line]
    assert set(bar) <= set("━╸╺ ")


def test_the_view_shows_phase_counts_losses_failures_and_front(events: list[CampaignEvent]) -> None:
    progress = Progress()
    for event in events:
        progress.observe(event)
    stream = io.StringIO()
    Console(file=stream, width=160, markup=False, emoji=False, highlight=False).print(LiveView(progress))
    text = stream.getvalue()
    for words in (
        "seed, step 1 (resumed)",
        "5/20 profiles, 3/10 trainings, 2 failed",
        "left",
        "train loss 0.610",
        "[bold red]\\x1b[2J",
        "best so far",
        "1.000 ± 0.020",
    ):
        assert words in text


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_is_left_as_it_was(events: list[CampaignEvent], environment: dict[str, str]) -> None:
    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, width=80, markup=False, _environ={"TERM": "xterm", **environment}
    )
    with watching(console) as observe:
        for event in events:
            observe(event)
    text = stream.getvalue()
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")
    if "NO_COLOR" in environment:
        assert "\x1b[3" not in text


def test_a_training_that_was_stopped_says_so() -> None:
    done = trained()
    stopped = dataclasses.replace(
        done.evaluation,
        details={**done.evaluation.details, "stopped": {"epoch": 6, "reached": 0.41, "needed": 0.55}},
    )
    text = training_text(dataclasses.replace(done, evaluation=stopped))
    assert "stopped: accuracy 0.410 of the 0.550 that could have mattered after 6 epochs" in text
