"""Where torch allocates and keeps memory: the place in the model at which each operator runs."""

import math
from dataclasses import dataclass, field

import pytest
import torch
from torch import nn

from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory import Part, Place
from search_spaces.models import DecoderModel, EncoderModel, build_model, example_input

TOKENS = InputSpec(InputKind.TOKENS, length=21, classes=3, vocabulary=50)
TEXT = InputSpec(InputKind.TEXT, length=21, classes=50, vocabulary=50)
WINDOWS = InputSpec(InputKind.WINDOWS, length=112, classes=7, channels=3, patch=5)


@pytest.fixture
def tokens():
    return TOKENS


@pytest.fixture
def windows():
    return WINDOWS


@pytest.fixture
def text():
    return TEXT


@pytest.fixture(params=[TOKENS, WINDOWS], ids=["tokens", "windows"])
def spec(request):
    return request.param


@dataclass
class Training:
    """A model, its optimizer and a batch; `step` does what the training workload does."""

    model: nn.Module
    loss: nn.Module
    optimizer: torch.optim.Optimizer
    batch: torch.Tensor
    targets: torch.Tensor

    def forward(self, micro_batches: int = 1) -> torch.Tensor:
        """Returns the loss of the first micro-batch."""
        size = len(self.batch) // micro_batches
        return self.loss_of(self.batch[:size], self.targets[:size]) / micro_batches

    def step(self, micro_batches: int = 1) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        parts = zip(self.batch.chunk(micro_batches), self.targets.chunk(micro_batches), strict=True)
        for part, target in parts:
            (self.loss_of(part, target) / micro_batches).backward()
        self.optimizer.step()

    def loss_of(self, batch: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.model.input_spec.kind is InputKind.TEXT:
            return self.loss(self.model(batch).flatten(0, 1), targets.flatten())
        return self.loss(self.model(batch), targets)


@pytest.fixture
def training():
    """Returns a function: candidate, input spec, batch size, dropout -> `Training`."""

    def build(candidate, spec, batch_size, dropout) -> Training:
        model = build_model(candidate.architecture, spec, dropout=dropout).train()
        examples = (batch_size, spec.length) if spec.kind is InputKind.TEXT else (batch_size,)
        targets = torch.arange(math.prod(examples)).view(examples) % spec.classes
        if spec.multi_label:
            targets = nn.functional.one_hot(targets, spec.classes).float()
        loss = nn.BCEWithLogitsLoss() if spec.multi_label else nn.CrossEntropyLoss()
        return Training(model, loss, torch.optim.AdamW(model.parameters()), example_input(spec, batch_size, 0), targets)

    return build


@dataclass
class Walk:
    """Follows a forward pass through the places of a model.

    Attributes:
        place: where the pass is.
        entered: places in the order in which they were first entered.
    """

    place: Place | None = None
    entered: list[Place] = field(default_factory=list)

    def enter(self, place: Place) -> None:
        self.place = place
        if place not in self.entered:
            self.entered.append(place)

    def follow(self, model: nn.Module) -> None:
        around = self._around_decoder(model) if isinstance(model, DecoderModel) else self._around_encoder(model)
        for number, layer in enumerate(model.layers, start=1):
            around[layer.attention] = Place(number, Part.ATTENTION)
            around[layer.attention_norm] = around[layer.feed_forward_norm] = Place(number, Part.NORM)
            around[layer.feed_forward] = Place(number, Part.FEED_FORWARD)
        for module, place in around.items():
            module.register_forward_pre_hook(lambda _module, _inputs, place=place: self.enter(place))

    def _around_encoder(self, model: EncoderModel) -> dict[nn.Module, Place]:
        embedding, norm = Place(None, Part.EMBEDDING), Place(None, Part.NORM)
        around = {model.embedding: embedding, model.embedding.norm: norm, model.embedding.dropout: embedding}
        around[model.classifier] = Place(None, Part.CLASSIFIER)
        for number, layer in enumerate(model.layers, start=1):
            if layer.transition is not None:
                around[layer.transition] = Place(number, Part.TRANSITION)
        return around

    def _around_decoder(self, model: DecoderModel) -> dict[nn.Module, Place]:
        # the output has no module of its own: it is what follows the last norm
        model.norm.register_forward_hook(lambda _module, _inputs, _outputs: self.enter(Place(None, Part.OUTPUT)))
        return {model.embedding: Place(None, Part.EMBEDDING), model.norm: Place(None, Part.NORM)}


@pytest.fixture
def walk():
    return Walk()
