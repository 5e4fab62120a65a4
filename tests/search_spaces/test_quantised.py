"""Counted 8-bit weights against the files that hold them."""

import functools
import random
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.genes import Genes, genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input
from search_spaces.pruning import deployed_architecture
from search_spaces.quantised import int8_weights, saved_bytes, scale_bytes

TOKENS = InputSpec(InputKind.TOKENS, length=12, classes=4, vocabulary=50)
WINDOWS = InputSpec(InputKind.WINDOWS, length=40, classes=7, channels=3, patch=5)
SPECS = pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
MIXED = Architecture((Layer(28, HEAD_KINDS, (16, 24)), Layer(12, (HeadKind.FOURIER, HeadKind.CONVOLUTION_9), (8,))))
LAYERS = {
    "whole": (),
    "one layer kept": (LayerDeployment(keep_fp32=True), LayerDeployment()),
    "pruned": (LayerDeployment(0.5, 0.25), LayerDeployment(0.5, 0.5, keep_fp32=True)),
}


def int8(layers=(), precision=Precision.INT8_DYNAMIC):
    return Candidate(MIXED, Deployment(precision, Runtime.ONNXRUNTIME, layers=layers))


@pytest.fixture(scope="module")
def initializers(tmp_path_factory):
    """Returns a function: candidate, input spec -> the stored tensors of its int8 file."""
    onnx = pytest.importorskip("onnx", reason="needs the extra onnx: pip install 'protran[onnx]'")
    pytest.importorskip("onnxruntime", reason="needs the extra onnx: pip install 'protran[onnx]'")
    from search_spaces.models.onnx import export_onnx
    from search_spaces.models.quantize import quantise

    folder = tmp_path_factory.mktemp("int8")

    @functools.cache
    def read(candidate, spec):
        architecture, deployment = deployed_architecture(candidate), candidate.deployment
        exported = folder / f"{architecture.key}-{spec.key}.onnx"
        if not exported.exists():
            export_onnx(build_model(architecture, spec), exported, architecture=architecture)
        quantise(
            exported,
            folder / "int8.onnx",
            precision=deployment.precision,
            keep_fp32_layers=[number for number, layer in enumerate(deployment.layers) if layer.keep_fp32],
            calibration=[example_input(spec, 4, seed=0).numpy()],
        )
        stored = onnx.load(folder / "int8.onnx").graph.initializer
        return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in stored}

    return read


@SPECS
@pytest.mark.parametrize("precision", [Precision.INT8_DYNAMIC, Precision.INT8_STATIC])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_as_many_weights_are_stored_in_8_bits_as_counted(spec, precision, layers, initializers):
    candidate = int8(layers, precision)
    stored = initializers(candidate, spec).values()
    (counted,) = int8_weights(genes_of([candidate]), spec)
    assert counted == sum(tensor.size for tensor in stored if tensor.dtype == np.uint8 and tensor.ndim == 2)


@pytest.mark.slow
@SPECS
def test_random_candidates_store_as_many_weights_in_8_bits_as_counted(spec, random_candidate, initializers):
    rng = random.Random(2)
    for _ in range(20):
        architecture = random_candidate(rng).architecture
        layers = tuple(
            LayerDeployment(rng.choice([0.0, 0.3, 0.5]), rng.choice([0.0, 0.25]), rng.random() < 0.3)
            for _ in architecture.layers
        )
        precision = rng.choice([Precision.INT8_DYNAMIC, Precision.INT8_STATIC])
        candidate = Candidate(architecture, Deployment(precision, Runtime.ONNXRUNTIME, layers=layers))
        stored = initializers(candidate, spec).values()
        (counted,) = int8_weights(genes_of([candidate]), spec)
        assert counted == sum(tensor.size for tensor in stored if tensor.dtype == np.uint8 and tensor.ndim == 2)


@SPECS
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_the_scales_of_a_dynamic_file_take_the_bytes_counted(spec, layers, initializers):
    candidate = int8(layers)
    stored = initializers(candidate, spec)
    (counted,) = scale_bytes(genes_of([candidate]), spec)
    assert counted == sum(t.nbytes for name, t in stored.items() if name.endswith(("_scale", "_zero_point")))


@SPECS
def test_the_weight_bytes_of_a_candidate_are_those_of_its_numbers_and_scales(spec):
    fp32, candidate = count_candidate(Candidate(MIXED), spec), int8()
    (weights,), (scales,) = (f(genes_of([candidate]), spec) for f in (int8_weights, scale_bytes))
    assert count_candidate(candidate, spec).weight_bytes == fp32.weight_bytes - 4 * weights + weights + scales


@SPECS
def test_candidates_that_are_not_int8_save_nothing(spec, random_candidate):
    rng = random.Random(0)
    genes = genes_of([random_candidate(rng) for _ in range(20)])
    assert not saved_bytes(genes, spec).any()


def test_many_candidates_count_as_each_alone(random_candidate):
    rng = random.Random(1)
    deployment = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME)
    candidates = [replace(random_candidate(rng), deployment=deployment) for _ in range(20)]
    together = int8_weights(genes_of(candidates), TOKENS)
    assert together.tolist() == [int8_weights(genes_of([candidate]), TOKENS)[0] for candidate in candidates]


@SPECS
def test_gradients_of_relaxed_genes_are_right(spec):
    genes = genes_of([int8()])
    tensors = {field.name: torch.tensor(getattr(genes, field.name)) for field in fields(Genes)}
    varied = ["hidden", "head_counts", "feed_forward", "int8", "int8_layers"]

    def saved(*values):
        return saved_bytes(Genes(**{**tensors, **dict(zip(varied, values, strict=True))}), spec)

    assert torch.autograd.gradcheck(saved, [tensors[name].clone().requires_grad_() for name in varied])
