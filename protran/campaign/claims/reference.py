"""The reference model of claims: a candidate of the campaign, a well-known model, or one of a person's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from device_agents.errors import RequestError
from protran.campaign.problem import Problem
from protran.errors import InputError
from search_spaces.candidate import Candidate
from search_spaces.presets import preset, presets

KEY_SHOWN = 8
_FEWEST_DIGITS = 4
_KEY = re.compile(rf"[0-9a-f]{{{_FEWEST_DIGITS},}}")


@dataclass(frozen=True)
class Reference:
    """The model that members are compared with.

    Attributes:
        name: what people call it: a preset, the first digits of a key, or the name of a file.
        candidate: the model.
        note: a sentence where it reads something else here than elsewhere; empty otherwise.
    """

    name: str
    candidate: Candidate
    note: str = ""


def find_reference(text: str, problem: Problem, known: Iterable[Candidate]) -> Reference:
    """Returns the reference that a user calls `text`: a preset, or the first digits of a candidate's key.

    Args:
        text: for example ``t1`` or ``ae548d74``.
        problem: what the campaign is about.
        known: the candidates that the campaign has seen.

    Raises:
        InputError: there is no such model, several keys begin so, or it cannot read the campaign's input.
    """
    if text in presets():
        candidate, made_for = preset(text)
        reads = "" if made_for == problem.input_spec else f"{text}: its layers, with the input of this campaign's task"
        return fitting(Reference(text, candidate, reads), problem)
    if not _KEY.fullmatch(text):
        raise InputError(
            f"reference must be a candidate's key ({_FEWEST_DIGITS} digits or more), a file that ends in .json, or one "
            f"of {', '.join(presets())}; got {text!r}"
        )
    found = {candidate.key: candidate for candidate in known if candidate.key.startswith(text)}
    if len(found) != 1:
        what = "no candidate" if not found else f"several candidates ({', '.join(sorted(found)[:3])})"
        raise InputError(
            f"expected the key of one candidate, and {what} of {problem.config.name!r} begin{'s' if not found else ''} "
            f"with {text}; `protran pareto {problem.config.name} --json` has whole keys"
        )
    (candidate,) = found.values()
    return fitting(Reference(candidate.key[:KEY_SHOWN], candidate), problem)


def fitting(reference: Reference, problem: Problem) -> Reference:
    """Returns the reference, if it can be what a campaign trains and measures.

    Raises:
        InputError: its family cannot read the task's input, or its deployment cannot run the workload.
    """
    family = reference.candidate.architecture.family
    if family is not problem.input_spec.kind.family:
        raise InputError(
            f"the reference {reference.name} is a {family.value}, and the task {problem.task_name} needs a model that "
            f"reads {problem.input_spec.kind.value}, an {problem.input_spec.kind.family.value}; choose another"
        )
    try:
        problem.workload.check_deployment(reference.candidate.deployment)
    except RequestError as error:
        raise InputError(f"the reference {reference.name} cannot run this campaign's workload: {error}") from error
    return reference
