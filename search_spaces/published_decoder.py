"""Decoders as the tables of HW-GPT-Bench name them, and back.

    {"embed_dim": hidden size, "bias": true or false, "layers": [{"heads": number, "mlp_ratio": times the hidden size}]}

Source: Sukthanker et al., "HW-GPT-Bench: Hardware-Aware Architecture Benchmark for Language Models" (arXiv:2405.10299).
"""

from __future__ import annotations

from typing import Any

from search_spaces.candidate import Architecture, Family, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.payloads import expect_keys, is_count


def decoder_from_table(payload: Any) -> Architecture:
    """Returns the decoder that a row of a table names.

    Args:
        payload: the JSON object in the column `architecture`.

    Raises:
        SpaceError: a field is unknown, missing or out of range; the message names its place.
    """
    expect_keys(payload, "architecture", required={"embed_dim", "bias", "layers"})
    hidden, rows = payload["embed_dim"], payload["layers"]
    if not is_count(hidden):
        raise SpaceError(f"architecture: embed_dim must be a whole number of at least 1, got {hidden!r}")
    if not isinstance(rows, list):
        raise SpaceError(f"architecture: layers must be a list, got {type(rows).__name__}")
    layers = tuple(_layer(row, hidden, f"layer {number}") for number, row in enumerate(rows, start=1))
    return Architecture(layers, Family.DECODER, payload["bias"])


def decoder_to_table(architecture: Architecture) -> dict[str, Any]:
    """Returns what `decoder_from_table` reads.

    Raises:
        SpaceError: the tables have no name for the architecture.
    """
    if architecture.family is not Family.DECODER:
        raise SpaceError(f"the published tables hold decoders: expected one, got an {architecture.family.value}")
    rows = [_row(layer, f"layer {number}") for number, layer in enumerate(architecture.layers, start=1)]
    return {"embed_dim": architecture.layers[0].hidden, "bias": architecture.bias, "layers": rows}


def _layer(row: Any, hidden: int, place: str) -> Layer:
    expect_keys(row, place, required={"heads", "mlp_ratio"})
    for name in ("heads", "mlp_ratio"):
        if not is_count(row[name]):
            raise SpaceError(f"{place}: {name} must be a whole number of at least 1, got {row[name]!r}")
    if hidden % row["heads"]:
        raise SpaceError(f"{place}: heads must divide embed_dim ({hidden}), got {row['heads']}; choose a divisor")
    return Layer(hidden, (HeadKind.SCALED_DOT_PRODUCT,) * row["heads"], (row["mlp_ratio"] * hidden,))


def _row(layer: Layer, place: str) -> dict[str, int]:
    sizes = layer.feed_forward
    if len(sizes) != 1 or sizes[0] % layer.hidden:
        raise SpaceError(
            f"{place}: the published tables know one feed-forward size, a multiple of the hidden size "
            f"({layer.hidden}); got {list(sizes)}"
        )
    if layer.head_width * len(layer.heads) != layer.hidden:
        raise SpaceError(
            f"{place}: the published tables know heads that share the hidden size ({layer.hidden}); got "
            f"{len(layer.heads)} of width {layer.head_width}"
        )
    return {"heads": len(layer.heads), "mlp_ratio": sizes[0] // layer.hidden}
