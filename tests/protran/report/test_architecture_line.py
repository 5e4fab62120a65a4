from __future__ import annotations

from protran.report.architecture_line import architecture_line, candidate_line
from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment

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
