"""The published embedding: equal to the published tables, and back again."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.candidate import HEAD_KINDS, Architecture, HeadKind, Layer
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.published_embedding import embed, from_embedding
from search_spaces.space import load_space

FLEXIBERT = load_space("flexibert-v2")

PUBLISHED = """
cpu_m1-pro_b32_r1 80 depth 0
    128 | 1*sa_sdp 1*sa_wma 2*c_5 | 2048 2048 512 -> 0 169 71
    128 | 2*sa_sdp 1*sa_wma 3*c_9 2*c_13 | 4096 256 256 -> 0 222 948
cpu_m1-pro_b32_r1 84 depth 0
    256 | 3*sa_sdp 4*c_5 1*c_13 | 2048 4096 512 -> 1 181 681
    128 | 2*l_dft 2*c_9 8*c_13 | 2048 3072 256 -> 0 174 20983
cpu_m1-pro_b32_r1 99 depth 0
    128 | 4*sa_wma 1*l_dft 1*c_5 6*c_13 | 4096 4096 4096 -> 0 257 16730
    128 | 2*sa_sdp 2*sa_wma 2*l_dft 2*c_9 4*c_13 | 512 512 3072 -> 0 88 9245
gpu_a100_b128_r3 195 depth 5
    768 | 2*sa_sdp 1*sa_wma 1*l_dft 1*c_5 3*c_13 | 2048 3072 512 -> 3 175 890
    128 | 2*l_dft 4*l_dct 3*c_9 3*c_13 | 4096 3072 -> 0 40 20780
    256 | 2*sa_wma 2*c_5 4*c_13 | 3072 4096 4096 -> 1 221 2402
    128 | 12*c_13 | 2048 512 -> 0 25 21804
    768 | 6*sa_sdp 1*sa_wma 1*l_dct 1*c_5 3*c_13 | 3072 2048 4096 -> 3 209 3928
    256 | 4*sa_wma 3*c_5 2*c_9 3*c_13 | 1024 256 512 -> 1 115 16877
    512 | 2*sa_wma 1*l_dft 4*c_5 5*c_13 | 2048 2048 -> 2 27 18299
    256 | 2*sa_wma 5*l_dft 4*c_9 1*c_13 | 3072 256 -> 1 30 17740
    256 | 5*sa_sdp 4*c_9 3*c_13 | 256 -> 1 0 4952
    256 | 1*sa_wma 2*l_dft 2*l_dct 6*c_5 1*c_13 | 2048 1024 -> 1 26 19201
    128 | 4*sa_wma 4*l_dft 1*l_dct 3*c_13 | 256 3072 256 -> 0 66 16463
    512 | 2*sa_sdp 3*l_dft 1*l_dct 2*c_5 4*c_9 | 1024 4096 -> 2 23 10524
npu_ncs_b1_r1 7 depth 1
    512 | 3*sa_wma 1*l_dft | 3072 512 256 -> 2 192 113
    512 | 1*sa_wma 1*l_dft | 1024 4096 4096 -> 2 149 8
    256 | 1*l_dft 1*c_5 2*c_13 | 4096 512 256 -> 1 228 198
    256 | 1*sa_sdp 2*l_dct 1*c_9 | 512 3072 512 -> 1 103 94
npu_ncs_b1_r1 15 depth 1
    512 | 2*sa_sdp 3*l_dft 2*l_dct 2*c_5 2*c_9 1*c_13 | 3072 512 256 -> 2 192 10500
    512 | 2*sa_sdp 1*sa_wma 3*c_5 2*c_13 | 1024 4096 4096 -> 2 149 936
    256 | 2*sa_wma 1*l_dft 1*l_dct 2*c_5 6*c_13 | 4096 512 256 -> 1 228 18261
    256 | 2*sa_sdp 3*sa_wma 2*l_dft 1*l_dct 2*c_5 1*c_9 1*c_13 | 512 3072 512 -> 1 103 8802
cpu_m1-pro_b32_r1 0 depth 2
    768 | 2*sa_wma 2*c_5 | 1024 1024 1024 -> 3 128 127
    256 | 1*sa_sdp 2*l_dct 1*c_13 | 4096 2048 -> 1 39 95
    768 | 2*sa_wma 1*l_dft 1*l_dct | 3072 256 256 -> 3 186 119
    256 | 1*sa_sdp 2*sa_wma 1*l_dft | 256 4096 -> 1 11 57
    128 | 2*sa_wma 2*l_dct | 512 3072 256 -> 0 102 123
    256 | 1*l_dct 3*c_5 | 256 256 4096 -> 1 47 213
cpu_m1-pro_b32_r1 2 depth 3
    512 | 1*c_5 2*c_9 1*c_13 | 2048 512 2048 -> 2 159 230
    256 | 2*l_dft 2*c_9 | 3072 3072 3072 -> 1 214 180
    128 | 1*sa_sdp 1*sa_wma 1*c_5 1*c_9 | 3072 2048 1024 -> 0 206 72
    768 | 1*sa_wma 1*l_dft 2*c_9 | 256 2048 1024 -> 3 62 145
    256 | 1*l_dft 3*c_13 | 1024 4096 1024 -> 1 146 202
    256 | 1*l_dft 3*l_dct | 512 2048 256 -> 1 96 183
    512 | 1*sa_sdp 1*c_9 2*c_13 | 256 3072 -> 2 10 110
    512 | 1*sa_wma 1*l_dct 2*c_5 | 3072 3072 2048 -> 2 213 152
cpu_m1-pro_b32_r1 1 depth 4
    128 | 2*l_dft 2*l_dct | 3072 4096 2048 -> 0 219 173
    128 | 3*sa_sdp 1*c_13 | 4096 1024 2048 -> 0 237 34
    512 | 3*sa_wma 1*l_dct | 2048 256 -> 2 24 114
    512 | 2*l_dct 1*c_9 1*c_13 | 1024 4096 2048 -> 2 147 211
    256 | 1*c_5 1*c_9 | 3072 3072 -> 1 34 23
    512 | 2*sa_sdp 2*c_5 | 3072 512 4096 -> 2 197 50
    256 | 2*sa_wma 1*c_5 1*c_13 | 2048 3072 3072 -> 1 178 129
    256 | 1*sa_sdp 1*l_dft 1*l_dct 1*c_9 | 256 2048 3072 -> 1 64 84
    512 | 1*sa_wma 1*l_dft 2*l_dct | 3072 2048 512 -> 2 205 138
    128 | 1*sa_sdp 1*sa_wma 1*l_dft 1*c_13 | 3072 256 -> 0 30 66
cpu_m1-pro_b32_r1 16 depth 5
    512 | 4*sa_sdp 1*sa_wma 1*c_9 2*c_13 | 3072 256 2048 -> 2 189 376
    512 | 4*sa_sdp 1*l_dft 1*l_dct 1*c_9 5*c_13 | 1024 3072 3072 -> 2 142 6041
    256 | 3*sa_sdp 4*l_dft 4*l_dct 1*c_5 | 3072 4096 2048 -> 1 219 7602
    768 | 7*c_5 5*c_13 | 2048 512 -> 3 25 21734
    128 | 5*sa_sdp 1*l_dct 2*c_5 3*c_9 1*c_13 | 2048 256 512 -> 0 151 4904
    512 | 5*sa_sdp 3*sa_wma 2*c_9 2*c_13 | 2048 -> 2 3 4288
    128 | 2*sa_sdp 2*l_dft 1*l_dct 3*c_5 2*c_9 2*c_13 | 1024 512 256 -> 0 120 10674
    512 | 3*sa_sdp 5*sa_wma 3*l_dct 1*c_9 | 3072 1024 4096 -> 2 203 6337
    128 | 4*sa_wma 1*l_dft 3*l_dct | 4096 512 4096 -> 0 233 2025
    256 | 2*sa_wma 1*l_dft 9*c_13 | 256 512 256 -> 1 48 18333
    768 | 3*sa_sdp 2*sa_wma 1*l_dft 4*l_dct 2*c_13 | 1024 4096 3072 -> 3 148 6841
    768 | 1*sa_sdp 3*sa_wma 2*l_dft 2*c_5 1*c_9 3*c_13 | 3072 3072 4096 -> 3 215 12236
"""
"""Rows of the measurement tables that come with ProTran's code: the columns `architecture` and `embedding`.

Table, row (from 0) and first number; then per layer ``hidden | heads | feed_forward -> its three numbers``. What
follows in the 37 numbers is 0. All 364 rows of the three tables were compared once; these ten stay.

Source: github.com/JHA-Lab/protran, `energy_profiler/results/` (BSD 3-Clause, Copyright (c) 2023, Shikhar Tuli and
Jha Lab).
"""


def published_rows():
    """Yields a name, an architecture and its 37 numbers for each of `PUBLISHED`."""
    for row in re.split(r"\n(?=\w)", PUBLISHED.strip()):
        title, *lines = row.splitlines()
        table, number, _, depth = title.split()
        layers, numbers = [], [int(depth)]
        for line in lines:
            genes, triple = line.split("->")
            hidden, heads, stack = genes.split("|")
            kinds = [kind for count, kind in (many.split("*") for many in heads.split()) for _ in range(int(count))]
            layers.append(Layer(int(hidden), tuple(kinds), tuple(map(int, stack.split()))))
            numbers += map(int, triple.split())
        yield f"{table}-{number}", Architecture(tuple(layers)), tuple(numbers + [0] * (37 - len(numbers)))


ROWS = pytest.mark.parametrize(
    ("architecture", "numbers"), [row[1:] for row in published_rows()], ids=[row[0] for row in published_rows()]
)
PLAIN = Layer(128, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (256,))
LAST = Layer(768, (HeadKind.CONVOLUTION_13,) * 12, (4096,) * 3)


@ROWS
def test_architectures_of_the_published_tables_have_their_published_numbers(architecture, numbers):
    assert embed(architecture) == numbers


@ROWS
def test_published_numbers_give_the_published_architectures(architecture, numbers):
    assert from_embedding(list(numbers)) == architecture


@settings(max_examples=100, deadline=None)
@given(st.integers(0, FLEXIBERT.size - 1))
def test_embedding_and_back_gives_the_same_architecture(number):
    architecture = nth_candidate(FLEXIBERT, number).architecture
    numbers = embed(architecture)
    assert len(numbers) == 37
    assert from_embedding(numbers) == architecture


@st.composite
def embeddings(draw):
    depth = draw(st.integers(0, 5))
    triple = st.tuples(st.integers(0, 3), st.integers(0, 257), st.integers(0, 21_804))
    layers = draw(st.lists(triple, min_size=2 * depth + 2, max_size=2 * depth + 2))
    numbers = [depth, *(number for layer in layers for number in layer)]
    return tuple(numbers + [0] * (37 - len(numbers)))


@settings(max_examples=100, deadline=None)
@given(embeddings())
def test_all_numbers_in_range_belong_to_an_architecture_of_the_space(numbers):
    architecture = from_embedding(numbers)
    assert embed(architecture) == numbers
    assert FLEXIBERT.size_at(len(architecture.layers))
    assert all(layer.hidden in FLEXIBERT.hidden for layer in architecture.layers)


def test_the_first_and_the_last_of_all_layers_have_the_least_and_the_greatest_numbers():
    assert embed(Architecture((PLAIN, LAST)))[:7] == (0, 0, 0, 0, 3, 257, 21_804)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((PLAIN,) * 3, "number of layers must be one of 2, 4, 6, 8, 10, 12, got 3"),
        ((PLAIN,) * 14, "number of layers .* got 14"),
        ((PLAIN, Layer(384, PLAIN.heads, (256,))), "layer 2: hidden must be one of 128, 256, 512, 768, got 384"),
        ((PLAIN, Layer(128, HEAD_KINDS, (256,))), "layer 2: heads must be .* got sa_sdp, sa_wma, l_dft"),
        ((Layer(128, PLAIN.heads, (256, 100)), PLAIN), "layer 1: feed_forward must be .* got 256, 100"),
        ((Layer(128, PLAIN.heads, (256,) * 4), PLAIN), "layer 1: feed_forward must be"),
    ],
)
def test_an_architecture_outside_the_published_space_is_refused(layers, message):
    with pytest.raises(SpaceError, match=message):
        embed(Architecture(layers))


@pytest.mark.parametrize(
    ("place", "number", "message"),
    [
        (0, 6, "number of layers: expected a whole number from 0 to 5, got 6"),
        (1, -1, "layer 1: hidden: expected a whole number from 0 to 3, got -1"),
        (5, 258, "layer 2: feed_forward: expected a whole number from 0 to 257, got 258"),
        (6, 21_805, "layer 2: heads: expected a whole number from 0 to 21804, got 21805"),
        (6, 0.5, "layer 2: heads: expected a whole number"),
        (7, 1, "layer 3 is absent among 2 layers: expected three zeros, got .1, 0, 0."),
    ],
)
def test_numbers_that_name_no_architecture_are_refused(place, number, message):
    numbers = [0] * 37
    numbers[place] = number
    with pytest.raises(SpaceError, match=message):
        from_embedding(numbers)


def test_other_than_37_numbers_are_refused():
    with pytest.raises(SpaceError, match="expected an embedding of 37 numbers, got 36"):
        from_embedding([0] * 36)
