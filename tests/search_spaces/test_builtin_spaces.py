"""Every built-in space: random candidates have the counted costs, run, and survive their round trips."""

import dataclasses
from functools import cache

import pytest
import torch
from example_spaces import COMPRESSED
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from search_spaces.candidate import Candidate, HeadKind
from search_spaces.cost import count, count_candidate
from search_spaces.encoding import Encoding
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, decoder, encoder, example_input, heads
from search_spaces.pruning import deployed_architecture
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, builtin_spaces, load_space

FEW, MANY, RUN = 30, 1000, 50
MOST_PARAMETERS = 20_000_000  # of a candidate that is run
TOKENS = InputSpec(InputKind.TOKENS, length=16, classes=3, vocabulary=100)
WINDOWS = InputSpec(InputKind.WINDOWS, length=41, classes=4, channels=3, patch=5)
TEXT = InputSpec(InputKind.TEXT, length=16, classes=100, vocabulary=100)
SPACES = {**{name: load_space(name) for name in builtin_spaces()}, "compressed": COMPRESSED}
SPECS = dict.fromkeys(SPACES, TOKENS) | {
    "edge-small": WINDOWS,
    "timeseries": WINDOWS,
    "compressed": WINDOWS,
    "gpt-small": TEXT,
}
EVERY = pytest.mark.parametrize("name", SPACES)
NO_COVER = pytest.mark.no_cover  # the tests of some candidates run the same lines; counting them takes most of the time


@cache
def drawn(name: str, number: int) -> tuple[Candidate, ...]:
    return tuple(sample(SPACES[name], number, SamplingMethod.RANDOM, seed=11))


@cache
def runnable(name: str, number: int) -> tuple[Candidate, ...]:
    """Returns `number` of `MANY` drawn candidates: the smallest of each depth, and others below `MOST_PARAMETERS`.

    The largest candidates of the largest spaces have half a billion parameters; to run them would take minutes and
    show nothing that others of the same operations and depths do not.
    """
    candidates = drawn(name, MANY)
    sizes = count(genes_of(candidates), SPECS[name]).parameters
    falling = [candidates[place] for place in (-sizes).argsort(kind="stable").tolist()]
    of_depth = {len(candidate.architecture.layers): candidate for candidate in falling}
    small = [candidate for candidate, size in zip(candidates, sizes.tolist(), strict=True) if size <= MOST_PARAMETERS]
    return tuple(dict.fromkeys([*of_depth.values(), *small]))[:number]


@pytest.fixture
def one_thread():
    """Small models lose more by handing work to threads than they win."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def parts_made_once(monkeypatch):
    """Makes equal layers once, and the constants of Fourier and cosine heads: most of the time of building a model."""
    for name in ("cosine_basis", "fourier_over_sequence", "fourier_over_width"):
        monkeypatch.setattr(heads, name, cache(getattr(heads, name)))
    monkeypatch.setattr(encoder, "EncoderLayer", cache(encoder.EncoderLayer))
    monkeypatch.setattr(decoder, "DecoderLayer", cache(decoder.DecoderLayer))
    monkeypatch.setattr(decoder.DecoderLayer.__wrapped__, "initialise", lambda _layer, _depth: None)


def assert_parameters_are_torchs(candidates, spec):
    counted = count(genes_of(candidates), spec).parameters.tolist()
    for candidate, parameters in zip(candidates, counted, strict=True):
        with torch.device("meta"):
            model = build_model(deployed_architecture(candidate), spec)
        found = model.named_parameters(remove_duplicate=False)  # a layer may be there twice
        assert sum(parameter.numel() for _, parameter in found) == parameters


def assert_round_trips(space: DesignSpace, candidates):
    encoding = Encoding(space)
    for candidate in candidates:
        assert Candidate.from_json(candidate.to_json()) == candidate
        assert encoding.decode(encoding.encode(candidate)) == candidate


def windowed_macs(candidate: Candidate, length: int) -> int:
    """Returns the products of the neighbourhood sums, which torch runs element by element and does not count."""
    layers = deployed_architecture(candidate).layers
    return sum(2 * length * (kind.kernel or 0) * layer.head_width for layer in layers for kind in layer.heads)


@torch.no_grad()
def assert_macs_are_half_of_torchs_flops(candidates, spec):
    for candidate in candidates:
        with torch.device("meta"):
            model = build_model(deployed_architecture(candidate), spec).eval()
        inputs = example_input(spec, 1, seed=0).to("meta")
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            model(inputs)
        counted = count_candidate(candidate, spec).macs - windowed_macs(candidate, spec.sequence_length)
        assert counter.get_total_flops() == pytest.approx(2 * counted, rel=0.01)


def assert_trains(candidates, spec):
    torch.manual_seed(0)
    inputs = example_input(spec, 2, seed=1)
    for candidate in candidates:
        model = build_model(deployed_architecture(candidate), spec)
        logits = model(inputs)
        assert logits.shape == ((2, spec.length, spec.vocabulary) if spec is TEXT else (2, spec.classes))
        logits.square().sum().backward()
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


@EVERY
def test_some_random_candidates_have_the_counted_parameters(name):
    assert_parameters_are_torchs(drawn(name, FEW), SPECS[name])


@EVERY
def test_some_random_candidates_survive_json_and_encoding(name):
    assert_round_trips(SPACES[name], drawn(name, FEW))


@EVERY
def test_some_random_candidates_have_the_counted_macs(name):
    assert_macs_are_half_of_torchs_flops(drawn(name, 3), SPECS[name])


@EVERY
@pytest.mark.usefixtures("one_thread")
def test_some_random_candidates_run_forward_and_backward(name):
    assert_trains(runnable(name, RUN)[-3:], SPECS[name])


@pytest.mark.slow
@NO_COVER
@EVERY
@pytest.mark.usefixtures("parts_made_once")
def test_a_thousand_random_candidates_have_the_counted_parameters(name):
    assert_parameters_are_torchs(drawn(name, MANY), SPECS[name])


@pytest.mark.slow
@NO_COVER
@EVERY
def test_a_thousand_random_candidates_survive_json_and_encoding(name):
    assert_round_trips(SPACES[name], drawn(name, MANY))


@pytest.mark.slow
@NO_COVER
@EVERY
def test_fifty_random_candidates_have_the_counted_macs(name):
    assert_macs_are_half_of_torchs_flops(drawn(name, RUN), SPECS[name])


@pytest.mark.slow
@NO_COVER
@EVERY
@pytest.mark.usefixtures("one_thread")
def test_fifty_random_candidates_of_every_depth_run_forward_and_backward(name):
    candidates = runnable(name, RUN)
    assert len(candidates) == RUN
    assert {len(c.architecture.layers) for c in candidates} == set(SPACES[name].layers)
    assert_trains(candidates, SPECS[name])


def test_every_space_says_where_it_comes_from():
    for space in map(load_space, builtin_spaces()):
        assert space.source
        assert space.description


def test_flexibert_v1_has_one_kind_of_operation_per_layer_and_its_published_size():
    """Source: Tuli et al. (arXiv:2205.11656): 3.32 x 10^9 transformers."""
    space = load_space("flexibert-v1")
    per_layer = 2 * 2 * 6 * (2 + 2**3)  # hidden, heads, kinds, stacks of one or three sizes of two
    assert space.size == per_layer**2 + per_layer**4
    assert f"{space.size:.2e}" == "3.32e+09"
    assert all(len(set(layer.heads)) == 1 for c in drawn("flexibert-v1", FEW) for layer in c.architecture.layers)


def test_flexibert_v2_is_the_published_space_file_and_larger_than_the_table_of_the_paper():
    """Source: Tuli and Jha (arXiv:2303.13745): 1.69 x 10^88; its table names hidden 128, 256 and kernels 5, 9 only."""
    space = load_space("flexibert-v2")
    kinds = tuple(kind for kind in space.head_kinds if kind is not HeadKind.CONVOLUTION_13)
    table = dataclasses.replace(space, hidden=(128, 256), head_kinds=kinds)
    assert f"{space.size:.2e}" == "1.69e+88"
    assert f"{table.size:.2e}" == "1.37e+79"
    assert "1.69e88" in space.description
    assert "(1.37e79)" in space.description


def test_timeseries_has_one_to_twelve_layers_and_one_to_sixteen_heads():
    space = load_space("timeseries")
    assert space.layers == tuple(range(1, 13))
    assert (space.heads[0], space.heads[-1]) == (1, 16)
    assert space.allowed_heads(32)[-1] == 16


def test_gpt_small_has_the_choices_of_its_source():
    space = load_space("gpt-small")
    assert space.size == 2 * sum(3 * (3 * 3) ** depth for depth in (10, 11, 12))  # biases, widths, heads and ratios
    for candidate in drawn("gpt-small", FEW):
        layers = candidate.architecture.layers
        assert len({layer.hidden for layer in layers}) == 1
        assert {len(layer.heads) for layer in layers} <= {4, 8, 12}
        assert {layer.feed_forward[0] / layer.hidden for layer in layers} <= {2.0, 3.0, 4.0}


def test_the_bert_family_has_plain_attention_and_one_hidden_size():
    for candidate in drawn("bert-family", FEW):
        layers = candidate.architecture.layers
        assert len({layer.hidden for layer in layers}) == 1
        assert {kind for layer in layers for kind in layer.heads} == {HeadKind.SCALED_DOT_PRODUCT}
        assert all(layer.hidden % len(layer.heads) == 0 for layer in layers)
