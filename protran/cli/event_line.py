"""An event of a campaign in one line, for logs, pipes and terminals that cannot redraw."""

from __future__ import annotations

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
from protran.cli.progress import Progress, duration
from protran.cli.terminal import harmless
from protran.report.architecture_line import candidate_line
from protran.report.plural import how_many
from protran.training.hurdle import stop_of
from protran.units import Unit, format_with_error


def event_line(event: CampaignEvent, progress: Progress) -> str:
    """Returns the line for an event that `progress` has observed already."""
    match event:
        case CampaignOpened():
            text = _opened_text(event)
        case StepStarted():
            due = f"{event.profiles} profiles and {event.trainings} trainings due"
            text = f"{event.phase.value} step {event.step}: {due}"
        case ProfileDone():
            text = f"profile {progress.profiles.done}/{progress.profiles.planned}: {profile_text(event)}"
        case TrainingDone():
            text = f"training {progress.trainings.done}/{progress.trainings.planned}: {training_text(event)}"
        case ProposalMade():
            notes = ", ".join(f"{harmless(name)} {value:.3g}" for name, value in event.notes.items())
            text = f"proposed {event.candidates} candidates in {event.wall_s:.1f} s{': ' if notes else ''}{notes}"
        case FrontChanged():
            state = "verified" if event.verified else "so far"
            text = f"front {state}: {how_many(len(event.front.to_json()['candidates']), 'candidate')}"
        case WaitBegan():
            text = waiting_text(event)
        case Note():
            text = f"note: {harmless(event.text)}"
        case CampaignDone():
            text = f"campaign complete after {duration(progress.elapsed_s)}"
    return text


def _opened_text(event: CampaignOpened) -> str:
    plan = f"at most {event.profiles_planned} profiles and {event.trainings_planned} trainings"
    if not event.resumed:
        return f"campaign {harmless(event.name)} starts: {plan}"
    done = f"{event.profiles_done} profiles and {event.trainings_done} trainings done"
    return f"campaign {harmless(event.name)} resumes: {done}, {plan}"


def waiting_text(event: WaitBegan) -> str:
    """Returns until when nothing is submitted, by the clock of this machine."""
    until = event.until.astimezone()
    return (
        f"waiting for low-carbon hours: goes on at {until:%Y-%m-%d %H:%M} {until.tzname()}, in {duration(event.wait_s)}"
    )


def profile_text(event: ProfileDone) -> str:
    """Returns the latency of a profile, or why it failed, and the candidate."""
    measurement = event.measurement
    line = candidate_line(event.candidate)
    if measurement.status.value != "ok":
        return f"{measurement.status.value} on {harmless(event.device)}: {harmless(measurement.reason)} [{line}]"
    latency = measurement.values.get("latency_s")
    shown = "-" if latency is None else format_with_error(latency.value, latency.stderr, Unit.SECOND)
    return f"{shown} on {harmless(event.device)} [{line}]"


def training_text(event: TrainingDone) -> str:
    """Returns the validation error and loss of a training (of a refit the test error), or why it failed."""
    evaluation = event.evaluation
    line = candidate_line(event.candidate)
    if evaluation.status.value != "ok":
        return f"failed: {harmless(evaluation.reason)} [{line}]"
    refit = evaluation.fidelity.refit
    name, error = ("refit, test error", evaluation.test_error) if refit else ("error", evaluation.error)
    parts = [f"{name} {format_with_error(error.value, error.stderr, Unit.FRACTION)}"]
    history = evaluation.details.get("history") or [{}]
    for name in ("train_loss", "validation_loss"):
        if history[-1].get(name) is not None:
            parts.append(f"{name.replace('_', ' ')} {history[-1][name]:.3f}")
    stop = stop_of(evaluation)
    if stop is not None:
        parts.append(f"stopped: accuracy {stop.reached:.3f} of the {stop.needed:.3f} that could have mattered")
    return f"{', '.join(parts)} after {evaluation.epochs} epochs in {event.wall_s:.1f} s [{line}]"
