"""One training, from seeded weights to scores."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from protran.fidelity import Fidelity
from protran.tasks.base import TaskData, Windows
from protran.training.augmentation import augment
from protran.training.averaging import AveragedWeights
from protran.training.distillation import SoftTargets, Teacher, check_teacher, training_loss
from protran.training.errors import TrainingError
from protran.training.hurdle import Hurdle
from protran.training.memory import memory_errors_told
from protran.training.normalisation import Normalisation
from protran.training.one_thread import one_thread
from protran.training.outcome import EpochRecord, TrainingOutcome
from protran.training.predictor import score, torch_predictor
from protran.training.recipe import Recipe, learning_rate_at
from protran.training.scores import ClassifierScores
from protran.training.subset import stratified_share
from protran.training.weights import save_weights
from search_spaces.candidate import Architecture
from search_spaces.models import EncoderModel
from search_spaces.models.build import build_encoder


def train(  # noqa: PLR0913, PLR0917 - the parts of a training_key, and where its by-products go
    architecture: Architecture,
    data: TaskData,
    recipe: Recipe,
    fidelity: Fidelity,
    seed: int,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    weights_path: Path | None = None,
    start: Callable[[EncoderModel], object] | None = None,
    teacher: Teacher | None = None,
    hurdle: Hurdle | None = None,
) -> TrainingOutcome:
    """Trains an architecture and scores the weights that did best on the validation set; in a refit, the last ones.

    The outcome is a function of the arguments: one thread, and every random number comes from `seed`. The random
    state and the number of threads of the caller are left as they were.

    Args:
        architecture: what to train.
        data: the task's three sets; the test set is looked at once, at the end.
        recipe: how weights are fitted.
        fidelity: epochs, share of the training data, and whether the validation set is fitted to as well.
        seed: of initial weights, order, dropout and augmentation.
        on_epoch: called after each epoch.
        weights_path: where to save the kept weights as safetensors; None to drop them. Those of a training that was
            stopped are dropped.
        start: puts other weights into the new model before it learns, in place; None for a fresh start.
        teacher: whose answers to the same augmented windows it learns as well, where the recipe's `distillation` is
            above 0. That no window of the validation set taught the teacher is for the caller to see to.
        hurdle: validation accuracies below which it stops; its scores are then those of the best weights until there.

    Raises:
        TrainingError: the loss became infinite or not a number, memory ran out, or recipe and teacher do not belong
            together, or there is a hurdle for a refit, which has no validation accuracy.
    """
    check_teacher(recipe, teacher)
    if hurdle is not None and fidelity.refit:
        raise TrainingError("expected no hurdle for a refit, which has no validation accuracy, got one; leave it out")
    with memory_errors_told(), one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        training = _Training(architecture, data, recipe, fidelity, seed, start, teacher)
        return training.run(on_epoch, weights_path, hurdle)


class _Training:
    """The state of one training."""

    def __init__(  # noqa: PLR0917 - what `train` takes
        self,
        architecture: Architecture,
        data: TaskData,
        recipe: Recipe,
        fidelity: Fidelity,
        seed: int,
        start: Callable[[EncoderModel], object] | None,
        teacher: Teacher | None,
    ) -> None:
        self.data, self.recipe, self.fidelity = data, recipe, fidelity
        self.random = torch.Generator().manual_seed(seed)
        self.hidden = max(layer.hidden for layer in architecture.layers)
        self.depth = len(architecture.layers)
        fitted = data.known if fidelity.refit else data.train
        chosen = fitted.where(stratified_share(fitted.labels, fidelity.share, seed))
        self.normalisation = Normalisation.fit(chosen.signals, data.axes)
        self.inputs, self.labels = self._tensors(chosen)
        self.targets = None if teacher is None else SoftTargets(teacher, self.normalisation)
        self.model = build_encoder(architecture, data.input_spec, dropout=recipe.dropout)
        if start is not None:
            start(self.model)
        self.averaged = AveragedWeights(self.model, recipe.averaging)
        self.predict = torch_predictor(self.averaged.model)
        self.optimizer = torch.optim.AdamW(
            _parameter_groups(self.model, recipe.weight_decay), lr=recipe.learning_rate, fused=True
        )
        self.batches = max(1, len(self.labels) // recipe.batch_size)
        self.steps = self.batches * fidelity.epochs
        self.step = 0

    def run(
        self, on_epoch: Callable[[EpochRecord], None] | None, weights_path: Path | None, hurdle: Hurdle | None
    ) -> TrainingOutcome:
        """Trains, keeps the best weights, scores them."""
        began_s, began_core_s = time.perf_counter(), time.process_time()
        validation = None if self.fidelity.refit else self._tensors(self.data.validation)
        history: list[EpochRecord] = []
        best, best_epoch, reached, stopped = math.inf, 0, 0.0, None
        for epoch in range(1, self.fidelity.epochs + 1):
            train_loss = self._epoch()
            loss, accuracy = (None, None) if validation is None else self._validate(*validation)
            history.append(EpochRecord(epoch, train_loss, loss, accuracy, time.perf_counter() - began_s))
            if loss is None or loss < best or self.recipe.keeps_last:
                best, best_epoch = math.inf if loss is None else loss, epoch
                self.averaged.keep()
            if on_epoch is not None:
                on_epoch(history[-1])
            reached = max(reached, accuracy or 0.0)
            stopped = None if hurdle is None or epoch == self.fidelity.epochs else hurdle.stop(epoch, reached)
            if stopped is not None or epoch - best_epoch >= self.recipe.patience:
                break
        self.averaged.restore_kept()
        if weights_path is not None and stopped is None:
            save_weights(self.averaged.model, self.normalisation, weights_path)
        return TrainingOutcome(
            validation=None if self.fidelity.refit else self._score(self.data.validation),
            test=self._score(self.data.test),
            history=tuple(history),
            best_epoch=best_epoch,
            parameters=sum(parameter.numel() for parameter in self.model.parameters()),
            train_s=time.perf_counter() - began_s,
            train_core_s=time.process_time() - began_core_s,
            normalisation=self.normalisation,
            stopped=stopped,
        )

    def _epoch(self) -> float:
        """Runs one pass and returns its mean loss."""
        self.model.train()
        order = torch.randperm(len(self.labels), generator=self.random)
        total = 0.0
        for batch in order.tensor_split(self.batches):
            inputs = augment(self.inputs[batch], self.recipe, self.data.axes, self.random)
            taught = None if self.targets is None else self.targets.logits(inputs)
            loss = training_loss(self.model(inputs), self.labels[batch], self.recipe, taught)
            figure = loss.item()
            if not math.isfinite(figure):
                raise TrainingError(
                    f"the loss became {figure} in step {self.step + 1} of {self.steps}; lower the learning rate "
                    f"({self.recipe.learning_rate:g})"
                )
            total += figure * len(batch)
            self._update(loss)
        return total / len(self.labels)

    def _update(self, loss: Tensor) -> None:
        rate = learning_rate_at(self.step, self.steps, self.recipe, self.hidden, self.depth)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.gradient_clip, foreach=True)
        self.optimizer.step()
        self.averaged.update(self.step)
        self.step += 1

    def _validate(self, inputs: Tensor, labels: Tensor) -> tuple[float, float]:
        logits = self.predict(inputs)
        accuracy = (logits.argmax(1) == labels).float().mean().item()
        return nn.functional.cross_entropy(logits, labels).item(), accuracy

    def _score(self, windows: Windows) -> ClassifierScores:
        return score(self.predict, windows, self.normalisation, len(self.data.classes))

    def _tensors(self, windows: Windows) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(self.normalisation.apply(windows.signals)), torch.from_numpy(windows.labels)


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Splits off what must not decay: biases, norms and embeddings of positions (fewer than two large dimensions)."""
    matrices = [p for name, p in model.named_parameters() if p.dim() >= 2 and "position" not in name]
    known = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in known]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
