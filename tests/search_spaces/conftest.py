"""Random candidates and a recorder of torch's operators."""

import random
import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment


@pytest.fixture
def random_candidate():
    """Returns a function: generator, hidden sizes, numbers of heads, feed-forward sizes, most layers -> candidate."""

    def layer(rng: random.Random, hidden, heads, sizes) -> Layer:
        kinds = rng.sample(HEAD_KINDS, rng.choice([1, 1, 2, 3, 7]))
        chosen = rng.choice(hidden)
        count = rng.choice([number for number in heads if 2 * number <= chosen])
        stack = tuple(rng.choice(sizes) for _ in range(rng.randint(1, 3)))
        return Layer(chosen, tuple(rng.choice(kinds) for _ in range(count)), stack)

    def candidate(rng, hidden=(8, 16, 24, 32), heads=(1, 2, 4, 8), sizes=(8, 16, 64, 150), depth=4) -> Candidate:
        layers = tuple(layer(rng, hidden, heads, sizes) for _ in range(rng.randint(1, depth)))
        return Candidate(Architecture(layers), Deployment(threads=rng.choice([1, 2])))

    return candidate


@pytest.fixture
def random_decoder():
    """Returns a function: generator, hidden sizes, numbers of heads, feed-forward sizes, most layers -> candidate.

    Half of the layers have narrower heads than the hidden size has room for, as if others had been pruned.
    """

    def candidate(rng, hidden=(8, 16, 24, 32), heads=(1, 2, 3, 4), sizes=(8, 16, 64, 150), depth=4) -> Candidate:
        chosen, layers = rng.choice(hidden), []
        for _ in range(rng.randint(1, depth)):
            stack = tuple(rng.choice(sizes) for _ in range(rng.randint(1, 3)))
            count = rng.choice(heads)
            width = rng.choice([None, rng.randint(2, chosen // count)])
            layers.append(Layer(chosen, (HeadKind.SCALED_DOT_PRODUCT,) * count, stack, width))
        return Candidate(Architecture(tuple(layers), Family.DECODER, bias=rng.choice([True, False])))

    return candidate


@pytest.fixture
def random_pruned(random_candidate):
    """Returns a function: generator -> candidate that loses a share of the heads and channels of each layer."""

    def candidate(rng) -> Candidate:
        architecture = random_candidate(rng).architecture
        shares = (0.0, 0.25, 0.5, 0.75)
        layers = tuple(LayerDeployment(rng.choice(shares), rng.choice(shares)) for _ in architecture.layers)
        return Candidate(architecture, Deployment(layers=layers))

    return candidate


class OperatorRecord(TorchDispatchMode):
    """Counts what a forward pass launches, reads and writes, and keeps alive.

    Attributes:
        launches: operators that made new memory (views are free).
        moved_bytes: bytes of their inputs and outputs; of an embedding table only the rows looked up.
        peak_bytes: most bytes that were alive at once, of what was made under the record.
    """

    def __init__(self) -> None:
        super().__init__()
        self.launches = self.moved_bytes = self.alive_bytes = self.peak_bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        known = {tensor.untyped_storage().data_ptr() for tensor in inputs}
        made = [tensor for tensor in outputs if tensor.numel() and tensor.untyped_storage().data_ptr() not in known]
        if made:
            self.launches += 1
            if function is torch.ops.aten.embedding.default:
                inputs = [inputs[1], *made]
            self.moved_bytes += sum(tensor.numel() * tensor.element_size() for tensor in inputs + outputs)
        for tensor in made:
            size = tensor.untyped_storage().nbytes()
            self.alive_bytes += size
            weakref.finalize(tensor.untyped_storage(), self._release, size)
        self.peak_bytes = max(self.peak_bytes, self.alive_bytes)
        return result

    def _release(self, size: int) -> None:
        self.alive_bytes -= size


@pytest.fixture
def operator_record():
    """Returns a fresh `OperatorRecord`, to be used as a context."""
    return OperatorRecord
