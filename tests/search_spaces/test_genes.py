"""Genes of candidates as arrays."""

import numpy as np

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment
from search_spaces.genes import genes_of

DEEP = Candidate(
    Architecture(
        (
            Layer(20, (HeadKind.COSINE, HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE), (8,)),
            Layer(16, (HeadKind.CONVOLUTION_13,), (9, 10)),
            Layer(16, (HeadKind.FOURIER,), (11,)),
        )
    ),
    Deployment(threads=2),
)
SHALLOW = Candidate(Architecture((Layer(12, (HeadKind.FOURIER,), (7,)),)))


def test_genes_hold_what_the_candidates_hold_and_zeros_where_a_layer_is_absent():
    genes = genes_of([DEEP, SHALLOW])
    np.testing.assert_array_equal(genes.layer_gate, [[1, 1, 1], [1, 0, 0]])
    np.testing.assert_array_equal(genes.hidden, [[20, 16, 16], [12, 0, 0]])
    np.testing.assert_array_equal(genes.heads, [[3, 1, 1], [1, 0, 0]])
    np.testing.assert_array_equal(genes.width, [[6, 16, 16], [12, 0, 0]])
    np.testing.assert_array_equal(genes.head_counts[0], [[1, 0, 0, 2, 0, 0, 0], [0] * 6 + [1], [0, 0, 1, 0, 0, 0, 0]])
    np.testing.assert_array_equal(genes.feed_forward[0], [[8, 0], [9, 10], [11, 0]])
    np.testing.assert_array_equal(genes.stack_gate[0], [[1, 0], [1, 1], [1, 0]])
    np.testing.assert_array_equal(genes.threads, [2, 1])


def test_a_transition_follows_only_between_present_layers_of_different_hidden_size():
    np.testing.assert_array_equal(genes_of([DEEP, SHALLOW]).transition, [[1, 0, 0], [0, 0, 0]])


def test_no_candidates_make_empty_genes():
    assert genes_of([]).hidden.shape == (0, 1)
