"""Candidates as torch models that are ready to be called. Only runtimes import torch in this package."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from device_agents.runner.executor import Executor
from device_agents.sampler import Subject
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Candidate
from search_spaces.deployment import Precision
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input
from search_spaces.models.build import Model
from search_spaces.pruning import deployed_architecture

WEIGHT_SEED = 0
INPUT_SEED = 1
LEARNING_RATE = 1e-4
NUMBERS = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}


def load_subject(
    candidate: Candidate, input_spec: InputSpec, workload: Workload, executor: Executor | None = None
) -> Subject:
    """Returns `candidate` built with random weights, as one call of `workload` on a random input.

    Weights and input are the same every time. Values do not change the time of the operations used here, as long as
    they stay finite and ordinary, which initial weights do.

    On an accelerator a call ends when its work has ended there. It is not built again elsewhere: the accelerator's
    allocator would hand out the same blocks, and every build would have to warm up.

    Args:
        candidate: what to build.
        input_spec: what it reads.
        workload: what one call is.
        executor: runs the model; the processor, if not given.
    """
    threads, numbers = candidate.deployment.threads, NUMBERS[candidate.deployment.precision]
    place = torch.device("cpu") if executor is None else executor.device
    model = new_model(candidate, input_spec).to(place, numbers)
    batch = example_input(input_spec, workload.batch_size, INPUT_SEED).to(place)
    if batch.is_floating_point():
        batch = batch.to(numbers)
    if workload.kind is WorkloadKind.TRAINING_STEP:
        call = _training_step(model, batch, input_spec, workload.micro_batches)
    else:
        call = _inference(model, batch)
    if executor is not None:
        waits = _waiting(call, executor.synchronise)
        return Subject(waits, prepare=_thread_setter(threads), parallel=True, accelerated=True)
    return Subject(
        call,
        prepare=_thread_setter(threads),
        parallel=threads > 1,
        renew=lambda: load_subject(candidate, input_spec, workload),
    )


def new_model(candidate: Candidate, input_spec: InputSpec) -> Model:
    """Returns the model that runs, without the heads and channels that the deployment removes; same weights always."""
    torch.manual_seed(WEIGHT_SEED)
    return build_model(deployed_architecture(candidate), input_spec)


def _thread_setter(threads: int) -> Callable[[], None]:
    def prepare() -> None:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)

    return prepare


def _waiting(call: Callable[[], None], synchronise: Callable[[], None]) -> Callable[[], None]:
    def whole_call() -> None:
        call()
        synchronise()

    return whole_call


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
    loss_of = _loss_of(input_spec)
    parts = list(zip(batch.chunk(micro_batches), _targets(batch, input_spec).chunk(micro_batches), strict=True))

    def call() -> None:
        optimizer.zero_grad(set_to_none=True)
        for part, target in parts:
            (loss_of(model(part).float(), target) / micro_batches).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return call


def _loss_of(input_spec: InputSpec) -> Callable[[Tensor, Tensor], Tensor]:
    if input_spec.multi_label:
        return nn.functional.binary_cross_entropy_with_logits
    if input_spec.kind is InputKind.TEXT:
        return lambda logits, tokens: nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())
    return nn.functional.cross_entropy


def _targets(batch: Tensor, input_spec: InputSpec) -> Tensor:
    """Returns what each example is to be predicted as; in text, at each position, the token after it, in a circle."""
    if input_spec.kind is InputKind.TEXT:
        return batch.roll(-1, dims=1)
    classes = torch.arange(len(batch), device=batch.device) % input_spec.classes  # (batch,)
    if input_spec.multi_label:
        return nn.functional.one_hot(classes, input_spec.classes).float()
    return classes
