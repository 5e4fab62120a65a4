from __future__ import annotations

import json

import pytest

from protran.tables.architecture_cell import architecture_of
from search_spaces.candidate import Architecture, Family, HeadKind, Layer
from search_spaces.errors import SpaceError


def test_an_encoder_is_read_as_its_table_writes_it() -> None:
    cell = '{"layers": [{"hidden": 128, "heads": ["sa_sdp", "l_dft"], "feed_forward": [256, 512]}]}'
    layer = Layer(128, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER), (256, 512))
    assert architecture_of(cell) == Architecture((layer,))


def test_a_decoder_is_read_as_its_table_writes_it() -> None:
    found = architecture_of('{"embed_dim": 192, "bias": false, "layers": [{"heads": 4, "mlp_ratio": 3}]}')
    layer = Layer(192, (HeadKind.SCALED_DOT_PRODUCT,) * 4, (576,))
    assert found == Architecture((layer,), Family.DECODER, bias=False)


@pytest.mark.parametrize("cell", ["", "{", "[" * 100_000])
def test_what_is_not_json_is_refused(cell: str) -> None:
    with pytest.raises(SpaceError, match="expected JSON"):
        architecture_of(cell)


@pytest.mark.parametrize("payload", [[], 3, {"layers": 4}, {"embed_dim": 192}])
def test_json_that_is_no_architecture_is_refused(payload: object) -> None:
    with pytest.raises(SpaceError, match="architecture"):
        architecture_of(json.dumps(payload))
