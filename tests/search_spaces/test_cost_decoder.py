"""Counted costs of decoders against torch: its parameters, its FLOP counter, the operators that it runs."""

import random
from dataclasses import fields, replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from search_spaces.arithmetic import parameters
from search_spaces.candidate import Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.cost import Cost, count, count_candidate
from search_spaces.errors import SpaceError
from search_spaces.genes import Genes, genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input

TEXT = InputSpec(InputKind.TEXT, length=33, classes=70, vocabulary=70)
TOKENS = InputSpec(InputKind.TOKENS, length=33, classes=3, vocabulary=70)
FEW_WORDS = InputSpec(InputKind.TEXT, length=50, classes=3, vocabulary=3)
SPECS = pytest.mark.parametrize("spec", [TEXT, FEW_WORDS], ids=["text", "few words"])
GPT_SIZES = {"hidden": (192, 384, 768), "heads": (4, 8, 12), "sizes": (384, 1536, 3072), "depth": 12}


SIZES = [
    pytest.param({}, 100, id="small"),
    pytest.param(GPT_SIZES, 5, id="gpt sizes"),
    pytest.param({}, 1000, id="a thousand", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("sizes", "number"), SIZES)
def test_parameters_are_exactly_torchs(random_decoder, sizes, number):
    rng = random.Random(1)
    for _ in range(number):
        candidate = random_decoder(rng, **sizes)
        with torch.device("meta"):
            model = build_model(candidate.architecture, TEXT)
        expected = sum(parameter.numel() for parameter in model.parameters())
        assert parameters(genes_of([candidate]), TEXT)[0] == expected


@SPECS
@torch.no_grad()
def test_macs_are_half_of_torchs_flops(random_decoder, spec):
    rng = random.Random(2)
    for _ in range(10):
        candidate = random_decoder(rng)
        model = build_model(candidate.architecture, spec).eval()
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            model(example_input(spec, 1, seed=0))
        assert counter.get_total_flops() == 2 * count_candidate(candidate, spec).macs


@SPECS
@torch.no_grad()
def test_launches_bytes_and_peak_activations_are_those_of_torchs_operators(random_decoder, operator_record, spec):
    rng = random.Random(3)
    for _ in range(10):
        candidate = random_decoder(rng)
        model = build_model(candidate.architecture, spec).eval()
        inputs = example_input(spec, 1, seed=0)
        with operator_record() as record:
            model(inputs)
        cost = count_candidate(candidate, spec)
        assert cost.launches == record.launches
        assert cost.bytes_moved == record.moved_bytes
        assert cost.activation_bytes == record.peak_bytes


def test_the_output_over_the_vocabulary_is_counted_at_every_position():
    layer = Layer(16, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (8,))
    cost = count_candidate(Candidate(Architecture((layer,), Family.DECODER)), TEXT)
    assert cost.macs_head == 33 * 16 * 70
    assert cost.macs_embedding == 0


def test_many_decoders_count_as_each_alone(random_decoder):
    rng = random.Random(4)
    candidates = [random_decoder(rng) for _ in range(20)]
    together = count(genes_of(candidates), TEXT)
    for row, candidate in enumerate(candidates):
        alone = count_candidate(candidate, TEXT)
        assert {f.name: getattr(together, f.name)[row] for f in fields(Cost)} == {
            f.name: getattr(alone, f.name) for f in fields(Cost)
        }


def tensors_of(candidates) -> Genes:
    genes = genes_of(candidates)
    return Genes(**{field.name: torch.from_numpy(getattr(genes, field.name)) for field in fields(Genes)})


def test_half_a_bias_counts_half_of_the_biases(random_decoder):
    candidate = random_decoder(random.Random(5))
    without, half, whole = (
        parameters(replace(tensors_of([candidate]), bias=torch.tensor([share], dtype=torch.float64)), TEXT)
        for share in (0.0, 0.5, 1.0)
    )
    assert half == (without + whole) / 2
    assert without < whole


def test_counts_are_differentiable_in_the_genes(random_decoder):
    rng = random.Random(6)
    genes = tensors_of([random_decoder(rng) for _ in range(3)])
    leaves = [getattr(genes, name).requires_grad_() for name in ("hidden", "width", "feed_forward", "bias")]
    cost = count(genes, TEXT)
    for name in ("parameters", "bytes_moved"):
        gradients = torch.autograd.grad(getattr(cost, name).sum(), leaves, retain_graph=True)
        assert all(torch.isfinite(gradient).all() and gradient.abs().sum() > 0 for gradient in gradients)


@pytest.mark.parametrize(("family", "spec"), [(Family.DECODER, TOKENS), (Family.ENCODER, TEXT)])
def test_a_family_is_not_counted_for_what_it_does_not_read(family, spec):
    layer = Layer(16, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (8,))
    with pytest.raises(SpaceError, match=f"for the family {family.value}, got {spec.kind.value}"):
        count_candidate(Candidate(Architecture((layer,), family)), spec)
