"""One training: published or fresh weights in, fine-tuned weights on disk out."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from protran.studies.models.contestants import Contestant
from protran.studies.models.encoded import EncodedSet, EncodedTexts, padded, training_batches
from protran.studies.models.recipe import FineTuning
from protran.studies.models.scoring import best_threshold, probabilities
from protran.studies.models.weights_file import save_model
from protran.training.errors import TrainingError
from search_spaces.input_spec import InputSpec
from search_spaces.models import EncoderModel
from search_spaces.models.build import build_encoder
from search_spaces.models.pretrained import load_checkpoint

VALIDATION_BATCH = 32


@dataclass(frozen=True)
class FineTuned:
    """What a training gave.

    Attributes:
        best_epoch: the epoch whose weights were kept (1-based): that of the least validation loss.
        threshold: of a label's probability, chosen on the validation set for the macro-F1 there; NaN where a document
            has one label.
        train_s: wall-clock seconds, validation included.
        train_core_s: processor seconds of the same.
        parameters: trained ones.
    """

    best_epoch: int
    threshold: float
    train_s: float
    train_core_s: float
    parameters: int


def fine_tune(
    contestant: Contestant, input_spec: InputSpec, texts: EncodedTexts, recipe: FineTuning, seed: int, path: Path
) -> FineTuned:
    """Trains a model, writes its best weights to `path` and returns how it went.

    The weights are a function of the arguments. The random state and the threads of the caller are left as they were.

    Raises:
        TrainingError: the loss became infinite or not a number.
        StudyError: the weights cannot be written.
        SpaceError: the published weights cannot be read.
    """
    with _threads(recipe.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _model(contestant, input_spec, recipe.dropout)
        _begin_at_prior(model, texts)
        return _Training(model, texts, recipe, seed).run(path)


def _model(contestant: Contestant, input_spec: InputSpec, dropout: float) -> EncoderModel:
    if contestant.weights is None:
        return build_encoder(contestant.architecture, input_spec, dropout=dropout)
    return load_checkpoint(contestant.weights.folder, contestant.architecture, input_spec, dropout=dropout)


@torch.no_grad()
def _begin_at_prior(model: EncoderModel, texts: EncodedTexts) -> None:
    """Makes the fresh classifier answer how common each label is: a few epochs are too dear to learn that.

    Source: Lin et al., "Focal Loss for Dense Object Detection" (arXiv:1708.02002), section 3.3.
    """
    labels = texts.train.labels
    shares = torch.from_numpy((labels.sum(axis=0) + 0.5) / (len(labels) + 1.0)).float()
    output = model.get_submodule("classifier.output")
    output.get_parameter("bias").copy_(torch.logit(shares) if texts.multi_label else shares.log())


class _Training:
    """The state of one training."""

    def __init__(self, model: EncoderModel, texts: EncodedTexts, recipe: FineTuning, seed: int) -> None:
        self.model, self.texts, self.recipe = model, texts, recipe
        self.random = np.random.default_rng(seed)
        self.optimizer = torch.optim.AdamW(_groups(model, recipe.weight_decay), lr=recipe.learning_rate, fused=True)
        self.step, self.steps = 0, 0

    def run(self, path: Path) -> FineTuned:
        """Trains, keeps the best epoch's weights on disk."""
        began_s, began_core_s = time.perf_counter(), time.process_time()
        best, best_epoch, best_logits = math.inf, 0, torch.empty(0)
        for epoch in range(1, self.recipe.epochs + 1):
            self._epoch()
            logits = answers(self.model, self.texts.validation)
            loss = self._loss(logits, self.texts.validation.labels).item()
            if loss < best or not best_epoch:
                best, best_epoch, best_logits = loss, epoch, logits
                save_model(self.model, path)
        threshold = math.nan
        if self.texts.multi_label:
            threshold = best_threshold(self.texts.validation.labels, probabilities(best_logits.numpy(), True))
        return FineTuned(
            best_epoch,
            threshold,
            time.perf_counter() - began_s,
            time.process_time() - began_core_s,
            sum(parameter.numel() for parameter in self.model.parameters()),
        )

    def _epoch(self) -> None:
        self.model.train()
        batches = training_batches(self.texts.train.tokens, self.recipe.batch_size, self.random)
        self.steps = self.steps or len(batches) * self.recipe.epochs
        for places in batches:
            ids, mask = padded([self.texts.train.tokens[place] for place in places])
            self._update(self._loss(self.model(ids, mask), self.texts.train.labels[places]))

    def _loss(self, logits: Tensor, labels: np.ndarray) -> Tensor:
        if self.texts.multi_label:
            return nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(labels).float())
        return nn.functional.cross_entropy(logits, torch.from_numpy(labels.argmax(1)))

    def _update(self, loss: Tensor) -> None:
        if not math.isfinite(loss.item()):
            raise TrainingError(
                f"the loss became {loss.item()} in step {self.step + 1} of {self.steps}; leave this model out"
            )
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(self.step, self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.gradient_clip, foreach=True)
        self.optimizer.step()
        self.step += 1


@torch.inference_mode()
def answers(model: EncoderModel, part: EncodedSet) -> Tensor:
    """Returns the logits `n x labels` of a set, in its order; documents of similar length are answered together."""
    model.eval()
    order = sorted(range(len(part)), key=lambda place: len(part.tokens[place]))
    found = []
    for start in range(0, len(order), VALIDATION_BATCH):
        ids, mask = padded([part.tokens[place] for place in order[start : start + VALIDATION_BATCH]])
        found.append(model(ids, mask))
    logits = torch.cat(found)
    back = torch.empty_like(logits)
    back[torch.tensor(order)] = logits
    return back


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Splits off what must not decay: biases, norms, positions and types."""
    decaying = [
        p for name, p in model.named_parameters() if p.dim() >= 2 and not name.endswith((".positions", ".types"))
    ]
    known = {id(p) for p in decaying}
    rest = [p for p in model.parameters() if id(p) not in known]
    return [{"params": decaying, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
