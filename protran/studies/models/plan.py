"""What a study does: its models, their forms, and how much of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protran.errors import InputError
from protran.studies.models.contestants import Contestant
from protran.studies.models.forms import BASELINE, FORMS, Form
from protran.studies.models.recipe import FineTuning, recipe_for
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.inputs import BERT_POSITIONS

BATCHES = (1, 2, 4, 8, 16, 32, 64)
LENGTHS = (32, 64, 128, 256)
SMALL_PARAMETERS = 5_000_000
SMALL_REPEATS = 3
"""Trainings of a model with fewer parameters than that, where the user names no number; one of a larger model."""


@dataclass(frozen=True)
class Point:
    """One call to be timed."""

    length: int
    batch: int


@dataclass(frozen=True)
class ModelsPlan:
    """What a study does.

    Attributes:
        contestants: the models.
        forms: of each.
        length: tokens of the longest document; longer ones are cut.
        epochs: of a model with published weights; the source study has 3.
        scratch_epochs: of a model without.
        repeats: trainings of each model, with seeds of their own; None for `SMALL_REPEATS` of small ones.
        batches: batch sizes of the sweep, at `length`.
        lengths: lengths of the sweep, at batch 1.
        seed: of the first repeat; the next have the next numbers.
        threads: of a training; everything else has one.
        documents: how many training documents are used at most, a sample; None for all.
        device: where the forms are timed.
    """

    contestants: tuple[Contestant, ...]
    forms: tuple[Form, ...] = FORMS
    length: int = 128
    epochs: int = 3
    scratch_epochs: int = 10
    repeats: int | None = None
    batches: tuple[int, ...] = BATCHES
    lengths: tuple[int, ...] = LENGTHS
    seed: int = 0
    threads: int = 1
    documents: int | None = None
    device: str = "local"

    def __post_init__(self) -> None:
        for name, numbers in (("batches", self.batches), ("lengths", self.lengths)):
            if len(set(numbers)) != len(numbers) or any(number < 1 for number in numbers):
                raise InputError(f"{name} must be different numbers of at least 1, got {', '.join(map(str, numbers))}")
        if not 3 <= self.length <= BERT_POSITIONS or max(self.lengths, default=1) > BERT_POSITIONS:
            raise InputError(f"lengths must be from 3 to the {BERT_POSITIONS} positions of BERT; change them")
        if self.repeats is not None and self.repeats < 1:
            raise InputError(f"repeats must be at least 1, got {self.repeats}; give a larger number")
        if self.documents is not None and self.documents < 1:
            raise InputError(f"training documents must be at least 1, got {self.documents}; give a larger number")
        if BASELINE not in self.forms:
            raise InputError(f"expected the form {BASELINE.name}, which losses are counted from; add it")

    def recipe(self, contestant: Contestant) -> FineTuning:
        """Returns how a model is fitted."""
        return recipe_for(contestant, epochs=self.epochs, scratch_epochs=self.scratch_epochs, threads=self.threads)

    def repeats_of(self, contestant: Contestant, input_spec: InputSpec) -> int:
        """Returns how often a model is trained."""
        if self.repeats is not None:
            return self.repeats
        parameters = count_candidate(Candidate(contestant.architecture), input_spec).parameters
        return SMALL_REPEATS if parameters < SMALL_PARAMETERS else 1

    def points(self) -> Iterator[Point]:
        """Gives the calls that are timed: batch 1 at `length` first, each once."""
        asked = [Point(self.length, 1), *(Point(self.length, batch) for batch in self.batches)]
        yield from dict.fromkeys([*asked, *(Point(length, 1) for length in self.lengths)])


def spec_of(contestant_vocabulary: int, length: int, labels: int, *, multi_label: bool) -> InputSpec:
    """Returns what a model of this study reads and predicts."""
    return InputSpec(InputKind.TOKENS, length, labels, multi_label, vocabulary=contestant_vocabulary)
