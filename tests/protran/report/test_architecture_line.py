from __future__ import annotations

from typing import Any

import pytest

from protran.report.architecture_line import architecture_line, candidate_line
from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime

SDP, DFT, C5 = HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER, HeadKind.CONVOLUTION_5


def test_layers_that_differ_are_listed_one_by_one() -> None:
    architecture = Architecture(
        (Layer(32, (SDP, SDP, C5), (64,)), Layer(48, (DFT,) * 4, (96, 96)), Layer(48, (DFT,) * 4, (96,)))
    )
    assert architecture_line(architecture) == ("3 layers 32-48-48 | heads 2×sdp+1×c5, 4×dft, 4×dft | ff 64, 96/96, 96")


def test_what_all_layers_share_is_written_once() -> None:
    assert architecture_line(Architecture((Layer(8, (SDP,), (16,)),) * 2)) == "2 layers 8 | heads 1×sdp | ff 16"


def test_one_layer_is_singular_and_every_kind_has_a_short_name() -> None:
    line = architecture_line(Architecture((Layer(8, HEAD_KINDS, (16,)),)))
    assert line == "1 layer 8 | heads 1×sdp+1×wma+1×dft+1×dct+1×c5+1×c9+1×c13 | ff 16"


def test_only_what_is_unusual_of_the_deployment_is_said() -> None:
    architecture = Architecture((Layer(8, (SDP,), (16,)),))
    assert candidate_line(Candidate(architecture)) == architecture_line(architecture)
    assert candidate_line(Candidate(architecture, Deployment(threads=2))).endswith("| ff 16 | 2 threads")


def test_heads_of_another_width_than_the_hidden_size_gives_tell_it() -> None:
    pruned = Architecture((Layer(64, (SDP, SDP, C5), (100,), width=16), Layer(64, (SDP,) * 4, (128,))))
    assert architecture_line(pruned) == "2 layers 64 | heads 2×sdp+1×c5 of 16, 4×sdp | ff 100, 128"


@pytest.mark.parametrize(
    ("bias", "line"),
    [
        (True, "decoder, 2 layers 64 | heads 4×sdp | ff 128"),
        (False, "decoder, 2 layers 64 | heads 4×sdp | ff 128 | no bias"),
    ],
)
def test_a_decoder_and_the_absence_of_biases_are_said(bias: bool, line: str) -> None:
    layers = (Layer(64, (SDP,) * 4, (128,)),) * 2
    assert architecture_line(Architecture(layers, Family.DECODER, bias)) == line


def deployed(*layers: LayerDeployment, **fields: Any) -> str:
    """Returns what the line says of the deployment of a model of three layers."""
    architecture = Architecture((Layer(64, (SDP,) * 4, (128,)),) * 3)
    line = candidate_line(Candidate(architecture, Deployment(layers=layers, **fields)))
    return line.removeprefix(architecture_line(architecture)).removeprefix(" | ")


def test_precision_runtime_and_threads_are_one_part() -> None:
    told = deployed(precision=Precision.INT8_DYNAMIC, runtime=Runtime.ONNXRUNTIME, threads=2)
    assert told == "int8-dynamic onnxruntime 2 threads"


def test_the_share_that_all_layers_lose_is_written_once_and_others_one_by_one() -> None:
    layers = [LayerDeployment(head_sparsity=0.25, feed_forward_sparsity=share) for share in (0.5, 0.0, 1 / 3)]
    assert deployed(*layers) == "heads -25% | ff -50%, 0%, -33.3%"


def test_the_layers_of_an_int8_model_that_stay_in_fp32_are_named() -> None:
    kept, not_kept = LayerDeployment(keep_fp32=True), LayerDeployment()
    int8 = {"precision": Precision.INT8_STATIC, "runtime": Runtime.ONNXRUNTIME}
    assert deployed(kept, not_kept, not_kept, **int8) == "int8-static onnxruntime | layer 1 in fp32"
    assert deployed(kept, not_kept, kept, **int8) == "int8-static onnxruntime | layers 1, 3 in fp32"
