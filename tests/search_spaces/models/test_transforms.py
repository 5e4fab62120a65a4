"""Pruned and sparse models against the original with the same weights silenced, chosen one by one."""

import copy
from itertools import pairwise

import pytest
import torch

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.deployment import Deployment, LayerDeployment
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input
from search_spaces.models.transforms import PruneNorm, prune, sparsify
from search_spaces.pruning import deployed_architecture

TOKENS = InputSpec(InputKind.TOKENS, length=12, classes=4, vocabulary=20)
WINDOWS = InputSpec(InputKind.WINDOWS, length=40, classes=7, channels=3, patch=5)
SPECS = pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
NORMS = pytest.mark.parametrize("norm", list(PruneNorm))
SDP, DFT, C5 = HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER, HeadKind.CONVOLUTION_5
ARCHITECTURE = Architecture(
    (
        Layer(56, HEAD_KINDS * 2, (12,)),
        Layer(24, (SDP, SDP, SDP, C5, C5, DFT), (9, 16, 7)),
        Layer(24, (SDP, SDP, C5), (8,)),
    )
)
CHANGES = (LayerDeployment(0.5, 0.25), LayerDeployment(0.5, 0.6), LayerDeployment(0.0, 0.4))
CANDIDATE = Candidate(ARCHITECTURE, Deployment(layers=CHANGES))


def model_of(architecture, spec):
    """Returns a model whose every weight is random, biases and norms too."""
    torch.manual_seed(0)
    model = build_model(architecture, spec, dropout=0.0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) / 4)
    return model


def size(weights, norm):
    return weights.abs().sum().item() if norm is PruneNorm.L1 else weights.square().sum().sqrt().item()


def silence_heads(attention, layer, staying, norm):
    """Sets what the heads of the smallest norm add to zero: of each kind all but `staying`."""
    row = column = 0
    for kind, count in layer.head_counts().items():
        parts = 1 if kind in (HeadKind.FOURIER, HeadKind.COSINE) else 3
        sizes, columns = [], []
        for head in range(count):
            starts = [row + (part * count + head) * layer.head_width for part in range(parts)]
            rows = [start + place for start in starts for place in range(layer.head_width)]
            columns.append(slice(column + head * layer.head_width, column + (head + 1) * layer.head_width))
            mine = [attention.project.weight[rows].flatten(), attention.output.weight[:, columns[-1]].flatten()]
            sizes.append(size(torch.cat(mine), norm))
        for head in sorted(range(count), key=sizes.__getitem__)[: count - staying[kind]]:
            attention.output.weight[:, columns[head]] = 0.0
        row, column = row + parts * count * layer.head_width, column + count * layer.head_width


def silence_channels(stack, staying, norm):
    """Sets the weights out of the channels of the smallest norm to zero, after all norms were taken."""
    linears = [module for module in stack if isinstance(module, torch.nn.Linear)]
    gone = []
    for (into, out), stays in zip(pairwise(linears), staying, strict=True):
        sizes = [size(torch.cat([into.weight[c], out.weight[:, c]]), norm) for c in range(into.out_features)]
        gone.append((out, sorted(range(len(sizes)), key=sizes.__getitem__)[: len(sizes) - stays]))
    for out, channels in gone:
        out.weight[:, channels] = 0.0


@torch.no_grad()
def silenced(model, candidate, norm):
    """Returns a copy of the model in which what the deployment removes adds nothing."""
    result = copy.deepcopy(model)
    layers = zip(result.layers, candidate.architecture.layers, deployed_architecture(candidate).layers, strict=True)
    for module, layer, left in layers:
        silence_heads(module.attention, layer, left.head_counts(), norm)
        silence_channels(module.feed_forward, left.feed_forward, norm)
    return result


@torch.no_grad()
def assert_equal_outputs(left, right):
    inputs = example_input(left.input_spec, 5, seed=1)
    torch.testing.assert_close(left(inputs), right(inputs), rtol=1e-4, atol=1e-5)


@NORMS
@SPECS
def test_a_pruned_model_gives_what_the_original_gives_without_what_was_removed(spec, norm):
    model = model_of(ARCHITECTURE, spec)
    assert_equal_outputs(prune(model, CANDIDATE, norm), silenced(model, CANDIDATE, norm))


@SPECS
def test_a_pruned_model_is_as_small_as_counted(spec):
    pruned = prune(model_of(ARCHITECTURE, spec), CANDIDATE, PruneNorm.L2)
    parameters = sum(parameter.numel() for parameter in pruned.parameters())
    assert parameters == count_candidate(CANDIDATE, spec).parameters
    assert parameters < count_candidate(Candidate(ARCHITECTURE), spec).parameters


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_heads_of_each_kind_alone_are_pruned(kind):
    candidate = Candidate(Architecture((Layer(16, (kind,) * 4, (8,)),)), Deployment(layers=(LayerDeployment(0.75),)))
    model = model_of(candidate.architecture, WINDOWS)
    pruned = prune(model, candidate, PruneNorm.L1)
    assert pruned.layers[0].attention.groups[0].count == 1
    assert_equal_outputs(pruned, silenced(model, candidate, PruneNorm.L1))


def test_where_nothing_is_removed_the_result_is_a_copy():
    model = model_of(ARCHITECTURE, WINDOWS)
    result = prune(model, Candidate(ARCHITECTURE), PruneNorm.L2)
    assert result is not model
    for (name, own), theirs in zip(model.state_dict().items(), result.state_dict().values(), strict=True):
        assert torch.equal(own, theirs), name
        assert own.data_ptr() != theirs.data_ptr()


@NORMS
def test_the_argument_and_torchs_random_state_stay_as_they_were(norm):
    model = model_of(ARCHITECTURE, WINDOWS)
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    prune(model, CANDIDATE, norm)
    sparsify(model, 0.5, norm)
    assert torch.equal(random, torch.get_rng_state())
    assert before.keys() == model.state_dict().keys()
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_a_pruned_model_takes_over_mode_numbers_and_dropout():
    model = build_model(ARCHITECTURE, WINDOWS, dropout=0.3).double().train()
    pruned = prune(model, CANDIDATE, PruneNorm.L1)
    assert pruned.training
    assert {parameter.dtype for parameter in pruned.parameters()} == {torch.float64}
    assert {module.p for module in pruned.modules() if isinstance(module, torch.nn.Dropout)} == {0.3}


@pytest.mark.parametrize(("norm", "stays"), [(PruneNorm.L1, 1), (PruneNorm.L2, 0)])
def test_one_large_weight_counts_more_for_l2_than_for_l1(norm, stays):
    candidate = Candidate(Architecture((Layer(4, (SDP, SDP), (2,)),)), Deployment(layers=(LayerDeployment(0.5, 0.5),)))
    model = model_of(candidate.architecture, WINDOWS)
    layer = model.layers[0]
    with torch.no_grad():
        for linear in (layer.attention.output, layer.feed_forward[2]):
            half = linear.in_features // 2
            linear.weight.fill_(0.0)
            linear.weight[0, 0] = 3.0  # of head or channel 0: L1 3, L2 3
            linear.weight[:, half] = 1.0  # of head or channel 1: L1 4, L2 2
        layer.attention.project.weight.fill_(0.0)
        layer.feed_forward[0].weight.fill_(0.0)
    pruned = prune(model, candidate, norm).layers[0]
    ends = [(part.attention.output, part.feed_forward[2]) for part in (layer, pruned)]
    for whole, left in zip(*ends, strict=True):
        half = whole.in_features // 2
        assert torch.equal(left.weight, whole.weight[:, stays * half : (stays + 1) * half])


def test_a_decoder_is_refused():
    decoder = Candidate(Architecture((Layer(8, (SDP,), (8,)),), Family.DECODER))
    with pytest.raises(SpaceError, match="expected an encoder to prune, got a decoder"):
        prune(model_of(ARCHITECTURE, WINDOWS), decoder, PruneNorm.L1)


def test_a_model_of_another_architecture_is_refused():
    other = Candidate(Architecture((Layer(8, (SDP,), (8,)),)))
    with pytest.raises(SpaceError, match="not of the candidate's architecture; pass the candidate"):
        prune(model_of(ARCHITECTURE, WINDOWS), other, PruneNorm.L1)


def linear_weights(model):
    return [module.weight for module in model.layers.modules() if isinstance(module, torch.nn.Linear)]


def test_l1_sparsity_removes_the_smallest_weights_of_all_layers_together():
    model = model_of(ARCHITECTURE, WINDOWS)
    before, after = (
        torch.cat([weight.detach().flatten() for weight in linear_weights(m)])
        for m in (model, sparsify(model, 0.3, PruneNorm.L1))
    )
    gone = before.abs().argsort()[: round(0.3 * len(before))]
    expected = before.clone()
    expected[gone] = 0.0
    assert torch.equal(after, expected)


def test_l2_sparsity_removes_whole_features_of_each_linear_layer():
    model = model_of(ARCHITECTURE, WINDOWS)
    sparse = sparsify(model, 0.25, PruneNorm.L2)
    for before, after in zip(linear_weights(model), linear_weights(sparse), strict=True):
        expected = before.detach().clone()
        expected[before.square().sum(1).argsort()[: round(0.25 * len(before))]] = 0.0
        assert torch.equal(after, expected)


@NORMS
def test_sparsity_leaves_shapes_names_and_the_classifier(norm):
    model = model_of(ARCHITECTURE, TOKENS)
    sparse = sparsify(model, 0.5, norm)
    shapes = [{name: tensor.shape for name, tensor in m.state_dict().items()} for m in (model, sparse)]
    assert shapes[0] == shapes[1]
    assert torch.equal(model.classifier.output.weight, sparse.classifier.output.weight)


@NORMS
def test_no_sparsity_changes_nothing(norm):
    model = model_of(ARCHITECTURE, WINDOWS)
    assert_equal_outputs(sparsify(model, 0.0, norm), model)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(SpaceError, match="share of the weights of at least 0 and below 1"):
        sparsify(model_of(ARCHITECTURE, WINDOWS), share, PruneNorm.L1)
