"""Candidates as torch models that are ready to be called. The only file of this package that imports torch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from device_agents.sampler import Subject
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec
from search_spaces.models import build_model, example_input

WEIGHT_SEED = 0
INPUT_SEED = 1
LEARNING_RATE = 1e-4


def load_subject(candidate: Candidate, input_spec: InputSpec, workload: Workload) -> Subject:
    """Returns `candidate` built with random weights, as one call of `workload` on a random input.

    Weights and input are the same every time. Values do not change the time of the operations used here, as long as
    they stay finite and ordinary, which initial weights do.
    """
    threads = candidate.deployment.threads
    torch.manual_seed(WEIGHT_SEED)
    model = build_model(candidate.architecture, input_spec)
    batch = example_input(input_spec, workload.batch_size, INPUT_SEED)
    if workload.kind is WorkloadKind.TRAINING_STEP:
        call = _training_step(model, batch, input_spec, workload.micro_batches)
    else:
        call = _inference(model, batch)
    return Subject(
        call,
        prepare=_thread_setter(threads),
        parallel=threads > 1,
        renew=lambda: load_subject(candidate, input_spec, workload),
    )


def _thread_setter(threads: int) -> Callable[[], None]:
    def prepare() -> None:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)

    return prepare


def _inference(model: nn.Module, batch: Tensor) -> Callable[[], None]:
    model.eval()

    def call() -> None:
        with torch.inference_mode():
            model(batch)

    return call


def _training_step(model: nn.Module, batch: Tensor, input_spec: InputSpec, micro_batches: int) -> Callable[[], None]:
    """Returns one optimiser step: forward and backward of every micro-batch, then AdamW."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    loss_of = nn.BCEWithLogitsLoss() if input_spec.multi_label else nn.CrossEntropyLoss()
    parts = list(zip(batch.chunk(micro_batches), _targets(len(batch), input_spec).chunk(micro_batches), strict=True))

    def call() -> None:
        optimizer.zero_grad(set_to_none=True)
        for part, target in parts:
            (loss_of(model(part), target) / micro_batches).backward()
        optimizer.step()

    return call


def _targets(count: int, input_spec: InputSpec) -> Tensor:
    classes = torch.arange(count) % input_spec.classes  # (count,)
    if input_spec.multi_label:
        return nn.functional.one_hot(classes, input_spec.classes).float()
    return classes
