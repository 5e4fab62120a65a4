"""Warm starts: what is copied, what is left, and that whole heads keep computing what they computed."""

import random

import numpy as np
import pytest
import torch

from search_spaces.candidate import HEAD_KINDS, Architecture, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input
from search_spaces.models.transfer import transfer
from search_spaces.neighbors import neighbors
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

TOKENS = InputSpec(InputKind.TOKENS, length=12, classes=4, vocabulary=20)
WINDOWS = InputSpec(InputKind.WINDOWS, length=40, classes=7, channels=3, patch=5)
SPECS = pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
SDP, WMA, DFT, C5 = (
    HeadKind.SCALED_DOT_PRODUCT,
    HeadKind.WEIGHTED_MULTIPLICATIVE,
    HeadKind.FOURIER,
    HeadKind.CONVOLUTION_5,
)


def one_layer(*heads: HeadKind, hidden: int = 16, feed_forward: tuple[int, ...] = (24,)) -> Architecture:
    return Architecture((Layer(hidden, heads, feed_forward),))


def model_of(architecture, spec, seed: int):
    """Returns a model whose every weight is random, biases and norms too."""
    torch.manual_seed(seed)
    model = build_model(architecture, spec, dropout=0.0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) / 4)
    return model


def numbered(architecture, spec, start: int):
    """Returns a model whose every weight is another whole number, counted from `start`, in float64 to be exact."""
    model = build_model(architecture, spec).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.arange(start, start + parameter.numel()).view_as(parameter))
            start += parameter.numel()
    return model


def entries(model) -> np.ndarray:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).numpy()


def head_weights(model, layers) -> dict[tuple, np.ndarray]:
    """Returns the weights of every head, by layer, kind, number within the kind and role; features come first.

    Written from the description of the layout (a group's part of the projection is queries, keys, values of all its
    heads, each `count x width` features), as an oracle for the indices of `transfer`.
    """
    found = {}
    for place, (module, layer) in enumerate(zip(model.layers, layers, strict=True)):
        attention, width = module.attention, layer.head_width
        kinds = [kind for kind in HEAD_KINDS if kind in layer.heads]
        project = [*attention.project.weight.detach().numpy()]
        bias = [*attention.project.bias.detach().numpy()]
        output = [*attention.output.weight.detach().numpy().T]
        for kind, group in zip(kinds, attention.groups, strict=True):
            count = layer.heads.count(kind)
            for part in range(1 if kind in (DFT, HeadKind.COSINE) else 3):
                for head in range(count):
                    found[place, kind, head, f"rows {part}"] = np.array([project.pop(0) for _ in range(width)])
                    found[place, kind, head, f"bias {part}"] = np.array([bias.pop(0) for _ in range(width)])
            for head in range(count):
                found[place, kind, head, "columns"] = np.array([output.pop(0) for _ in range(width)])
                for name, own in group.named_parameters():
                    weights = own.detach().numpy()
                    depthwise = weights[:, head * width : (head + 1) * width] if name == "depthwise" else weights[head]
                    found[place, kind, head, name] = depthwise
    return found


def rest(model) -> dict[str, np.ndarray]:
    """Returns the parameters that belong to no head; a stack's last linear layer by the name `last`."""
    found = {}
    for name, parameter in model.named_parameters():
        if ".groups." in name or ".project." in name or name.endswith("attention.output.weight"):
            continue
        place = name.split(".")
        if "feed_forward" in place and int(place[3]) == len(model.layers[int(place[1])].feed_forward) - 1:
            place[3] = "last"
        found[".".join(place)] = parameter.detach().numpy()
    return found


def assert_only_the_shared_blocks_were_copied(source, source_layers, target, target_layers, before) -> int:
    """Returns how many entries were to be copied."""
    old = head_weights(source, source_layers) | rest(source)
    untouched = head_weights(before, target_layers) | rest(before)
    new = head_weights(target, target_layers) | rest(target)
    copied = 0
    for name, weights in new.items():
        expected = untouched[name].copy()
        if name in old:
            block = tuple(slice(min(sizes)) for sizes in zip(old[name].shape, weights.shape, strict=True))
            expected[block] = old[name][block]
            copied += expected[block].size
        np.testing.assert_array_equal(weights, expected, err_msg=str(name))
    assert sum(weights.size for weights in new.values()) == len(entries(target))
    return copied


@SPECS
def test_every_shared_block_is_copied_and_everything_else_left_as_it_was(spec, random_candidate):
    rng = random.Random(0)
    for _ in range(15):
        source_architecture = random_candidate(rng).architecture
        target_architecture = random_candidate(rng).architecture
        source = numbered(source_architecture, spec, 1)
        target, before = (numbered(target_architecture, spec, 10_000_000) for _ in range(2))
        share = transfer(source, source_architecture, target, target_architecture)
        copied = assert_only_the_shared_blocks_were_copied(
            source, source_architecture.layers, target, target_architecture.layers, before
        )
        assert share == copied / len(entries(target))
        assert share == np.mean(entries(target) != entries(before))
        assert 0 < share <= 1


@torch.no_grad()
@SPECS
def test_an_equal_architecture_gives_the_logits_of_the_source(spec, random_candidate):
    rng = random.Random(1)
    for seed in range(5):
        architecture = random_candidate(rng).architecture
        source, target = model_of(architecture, spec, seed), model_of(architecture, spec, seed + 100)
        assert transfer(source, architecture, target, architecture) == 1
        inputs = example_input(spec, 3, seed)
        assert torch.equal(target(inputs), source(inputs))


def test_the_source_is_not_changed(random_candidate):
    rng = random.Random(2)
    architectures = [random_candidate(rng).architecture for _ in range(2)]
    source, target = (model_of(architecture, WINDOWS, 0) for architecture in architectures)
    before = entries(source)
    transfer(source, architectures[0], target, architectures[1])
    assert np.array_equal(entries(source), before)


@torch.no_grad()
@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_a_head_that_both_layers_share_computes_the_same_wherever_it_stands(kind):
    """The other heads differ, so a shared head stands at other places of the projections: silence the others."""
    others = [k for k in HEAD_KINDS if k is not kind]
    source_architecture, target_architecture = one_layer(kind, *others[:3]), one_layer(*others[3:], kind)
    source, target = model_of(source_architecture, WINDOWS, 0), model_of(target_architecture, WINDOWS, 1)
    transfer(source, source_architecture, target, target_architecture)
    states = torch.randn(2, WINDOWS.sequence_length, 16)
    outputs = []
    for model, architecture in [(source, source_architecture), (target, target_architecture)]:
        attention = model.layers[0].attention
        place = architecture.layers[0].heads.index(kind)
        silent = torch.ones(16, dtype=torch.bool)
        silent[4 * place : 4 * place + 4] = False
        attention.output.weight[:, silent] = 0
        outputs.append(attention(states, None))
    torch.testing.assert_close(outputs[1], outputs[0])
    assert outputs[0].std() > 0.01


def test_heads_are_shared_as_often_as_both_layers_have_them():
    """Of 2 sdp + 2 wma heads and 1 sdp + 3 wma heads, three are shared."""
    source_architecture, target_architecture = one_layer(SDP, SDP, WMA, WMA), one_layer(SDP, WMA, WMA, WMA)
    source, target = numbered(source_architecture, WINDOWS, 1), numbered(target_architecture, WINDOWS, 10_000_000)
    transfer(source, source_architecture, target, target_architecture)
    columns = target.layers[0].attention.output.weight[0].reshape(4, 4)
    assert (columns < 10_000_000).all(1).tolist() == [True, True, True, False]


def test_a_neighbour_gets_most_of_its_weights():
    space = load_space("edge-small")
    shares = []
    for parent in sample(space, 20, SamplingMethod.SOBOL, seed=0):
        (neighbour,) = neighbors(space, parent, np.random.default_rng(0), 1)
        models = [build_model(candidate.architecture, WINDOWS) for candidate in (parent, neighbour)]
        shares.append(transfer(models[0], parent.architecture, models[1], neighbour.architecture))
    assert np.mean(shares) > 0.7


def test_models_of_different_input_specs_are_refused():
    architecture = one_layer(SDP)
    models = [build_model(architecture, spec) for spec in (TOKENS, WINDOWS)]
    with pytest.raises(SpaceError, match="the same input spec"):
        transfer(models[0], architecture, models[1], architecture)


@pytest.mark.parametrize("name", ["source", "target"])
def test_a_model_that_is_not_of_its_architecture_is_refused(name):
    right, wrong = one_layer(SDP, C5), one_layer(SDP, C5, feed_forward=(24, 24))
    models = [build_model(right, WINDOWS) for _ in range(2)]
    architectures = [wrong, right] if name == "source" else [right, wrong]
    with pytest.raises(SpaceError, match=f"the {name} model is not of the {name} architecture"):
        transfer(models[0], architectures[0], models[1], architectures[1])
