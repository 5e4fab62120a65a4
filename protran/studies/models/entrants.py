"""Contestants made ready: vocabulary, encoded texts, what they read, how they are fitted, and a key of it all."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from protran.errors import InputError
from protran.studies.models.contestants import Contestant, Weights, packaged_weights
from protran.studies.models.encoded import EncodedTexts, encode_texts
from protran.studies.models.forms import CALIBRATION_DOCUMENTS
from protran.studies.models.plan import ModelsPlan, spec_of
from protran.studies.models.recipe import FineTuning
from protran.studies.models.vocabulary import Tokens, Vocabulary, learned_vocabulary, vocabulary_of
from protran.studies.texts import TextData
from search_spaces.canonical import stable_key
from search_spaces.input_spec import InputSpec
from search_spaces.models.pretrained import read_checkpoint

KEY_VERSION = 1
KEY_LENGTH = 16
LEARNED = "vocabulary.json"


@dataclass(frozen=True)
class Entrant:
    """One contestant, ready to be trained.

    Attributes:
        contestant: the model.
        vocabulary: of its tokens.
        texts: in its tokens.
        input_spec: what it reads and predicts.
        recipe: how it is fitted.
        repeats: how often.
    """

    contestant: Contestant
    vocabulary: Vocabulary
    texts: EncodedTexts
    input_spec: InputSpec
    recipe: FineTuning
    repeats: int

    @property
    def key(self) -> str:
        """Of all that its trainings depend on, beside data and seed."""
        weights = self.contestant.weights
        payload = {
            "architecture": self.contestant.architecture.key,
            "weights": None if weights is None else weights.digest,
            "input_spec": self.input_spec.key,
            "recipe": self.recipe.to_json(),
            "vocabulary": self.vocabulary.digest,
        }
        return stable_key("study_training", KEY_VERSION, payload)[:KEY_LENGTH]

    def weights_path(self, folder: Path, repeat: int) -> Path:
        """Returns where the weights of one of its trainings lie."""
        return folder / "weights" / f"{self.key}-{repeat}.safetensors"

    def calibration(self) -> tuple[Tokens, ...]:
        """Returns training documents for int8-static: evenly spread over the set."""
        tokens = self.texts.train.tokens
        places = np.linspace(0, len(tokens) - 1, min(CALIBRATION_DOCUMENTS, len(tokens))).round().astype(int)
        return tuple(tokens[place] for place in places)


def enter(plan: ModelsPlan, texts: TextData, folder: Path) -> tuple[Entrant, ...]:
    """Returns the plan's contestants made ready. A vocabulary that must be learned is written into `folder`.

    Models without weights share the vocabulary of the packaged MiniLM, else that of the first model with weights, else
    one that is learned from the training texts.

    Raises:
        InputError: a vocabulary is missing, or has more words than its weights.
        StudyError: the library `tokenizers` is not installed, or the folder cannot be written.
    """
    vocabularies: dict[Path, Vocabulary] = {}
    encoded: dict[str, EncodedTexts] = {}

    def known(weights: Weights) -> Vocabulary:
        if weights.folder not in vocabularies:
            vocabularies[weights.folder] = vocabulary_of(weights)
        return vocabularies[weights.folder]

    def shared() -> Vocabulary:
        weights = packaged_weights() or next((c.weights for c in plan.contestants if c.weights is not None), None)
        return learned_vocabulary(texts.train.texts, folder / LEARNED) if weights is None else known(weights)

    def ready(contestant: Contestant) -> Entrant:
        weights = contestant.weights
        vocabulary = shared() if weights is None else known(weights)
        if vocabulary.digest not in encoded:
            encoded[vocabulary.digest] = encode_texts(texts, vocabulary, plan.length)
        words = vocabulary.size if weights is None else _words(contestant, weights, vocabulary, plan.length)
        spec = spec_of(words, plan.length, len(texts.label_names), multi_label=texts.multi_label)
        return Entrant(
            contestant,
            vocabulary,
            encoded[vocabulary.digest],
            spec,
            plan.recipe(contestant),
            plan.repeats_of(contestant, spec),
        )

    return tuple(ready(contestant) for contestant in plan.contestants)


def _words(contestant: Contestant, weights: Weights, vocabulary: Vocabulary, length: int) -> int:
    _, spec = read_checkpoint(weights.folder, length=length, classes=1, first_layers=contestant.first_layers)
    if vocabulary.size > spec.vocabulary:
        raise InputError(
            f"{weights.origin}: expected a vocabulary of at most {spec.vocabulary} words, got {vocabulary.size}; give "
            f"the one that belongs to these weights"
        )
    return spec.vocabulary


def with_fewer_documents(texts: TextData, documents: int | None, seed: int) -> TextData:
    """Returns the texts with at most so many training documents, a sample that depends on `seed` alone."""
    count = len(texts.train)
    if documents is None or documents >= count:
        return texts
    places: Sequence[int] = np.sort(np.random.default_rng(seed).permutation(count)[:documents]).tolist()
    note = f"Models are trained on a random sample of {documents:,} of the {count:,} training documents."
    return dataclasses.replace(texts, train=texts.train.take(places), notes=(*texts.notes, note))
