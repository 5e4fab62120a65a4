"""Decoders of the published tables: rows as they stand there, round trips, what has no name there."""

import json

import pytest

from search_spaces.candidate import Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.published_decoder import decoder_from_table, decoder_to_table
from search_spaces.space import load_space

FIRST = """{"embed_dim": 768, "bias": false, "layers": [{"heads": 4, "mlp_ratio": 2}, {"heads": 12, "mlp_ratio": 2},
{"heads": 12, "mlp_ratio": 4}, {"heads": 4, "mlp_ratio": 4}, {"heads": 4, "mlp_ratio": 3}, {"heads": 12,
"mlp_ratio": 3}, {"heads": 12, "mlp_ratio": 3}, {"heads": 8, "mlp_ratio": 4}, {"heads": 4, "mlp_ratio": 4},
{"heads": 12, "mlp_ratio": 2}]}"""
SECOND = """{"embed_dim": 192, "bias": false, "layers": [{"heads": 8, "mlp_ratio": 4}, {"heads": 12, "mlp_ratio": 4},
{"heads": 12, "mlp_ratio": 4}, {"heads": 4, "mlp_ratio": 2}, {"heads": 12, "mlp_ratio": 2}, {"heads": 4,
"mlp_ratio": 4}, {"heads": 4, "mlp_ratio": 2}, {"heads": 8, "mlp_ratio": 4}, {"heads": 4, "mlp_ratio": 3},
{"heads": 8, "mlp_ratio": 3}, {"heads": 8, "mlp_ratio": 4}, {"heads": 8, "mlp_ratio": 3}]}"""
SMALL = {"embed_dim": 192, "bias": True, "layers": [{"heads": 4, "mlp_ratio": 2}]}


def heads(number: int) -> tuple[HeadKind, ...]:
    return (HeadKind.SCALED_DOT_PRODUCT,) * number


def decoder(*layers: Layer) -> Architecture:
    return Architecture(layers, Family.DECODER)


def test_a_row_names_a_decoder():
    architecture = decoder_from_table(json.loads(FIRST))
    assert (architecture.family, architecture.bias) == (Family.DECODER, False)
    assert len(architecture.layers) == 10
    assert architecture.layers[0] == Layer(768, heads(4), (1536,))
    assert architecture.layers[2] == Layer(768, heads(12), (3072,))


@pytest.mark.parametrize("text", [FIRST, SECOND, json.dumps(SMALL)], ids=["first", "second", "small"])
def test_rows_round_trip(text):
    assert decoder_to_table(decoder_from_table(json.loads(text))) == json.loads(text)


@pytest.mark.parametrize("text", [FIRST, SECOND], ids=["first", "second"])
def test_the_space_of_the_tables_holds_their_rows(text):
    assert load_space("gpt-small").why_not(Candidate(decoder_from_table(json.loads(text)))) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"embed_dim": "wide"}, "embed_dim must be a whole number of at least 1, got 'wide'"),
        ({"bias": 1}, "bias must be true or false, got 1"),
        ({"layers": 12}, "layers must be a list, got int"),
        ({"layers": []}, "at least one layer"),
        ({"layers": [{"heads": 5, "mlp_ratio": 2}]}, r"layer 1: heads must divide embed_dim \(192\), got 5"),
        ({"layers": [{"heads": 4, "mlp_ratio": 2.5}]}, "layer 1: mlp_ratio must be a whole number .* got 2.5"),
        ({"layers": [{"heads": 4}]}, "layer 1: 'mlp_ratio' is missing"),
        ({"depth": 3}, "unknown gene 'depth'"),
    ],
)
def test_a_row_that_names_nothing_is_refused(changes, words):
    with pytest.raises(SpaceError, match=words):
        decoder_from_table(SMALL | changes)


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        (Architecture((Layer(64, heads(4), (128,)),)), "hold decoders: expected one, got an encoder"),
        (decoder(Layer(64, heads(4), (128, 128))), r"layer 1: .* one feed-forward size, .* got \[128, 128\]"),
        (decoder(Layer(64, heads(4), (100,))), r"a multiple of the hidden size \(64\); got \[100\]"),
        (decoder(Layer(64, heads(3), (128,), width=16)), "share the hidden size .* got 3 of width 16"),
    ],
)
def test_what_the_tables_have_no_name_for_is_refused(architecture, words):
    with pytest.raises(SpaceError, match=words):
        decoder_to_table(architecture)
