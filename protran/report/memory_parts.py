"""Where the memory of a model goes, as the few rows that people read: what takes it, and what is in that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from search_spaces.memory import InferenceMemory, Kept, Part, Place, Share, TrainingMemory
from search_spaces.memory.breakdown import bytes_by_layer, bytes_by_part, total_bytes

PEAK = "peak"
MAPS = "attention maps"


@dataclass(frozen=True)
class MemoryPart:
    """One row: `bytes` of what `label` says; rows of level 1 say what is in the row of level 0 above them."""

    label: str
    bytes: int
    level: int = 0
    note: str = ""


def inference_parts(memory: InferenceMemory) -> list[MemoryPart]:
    """Returns the rows of a forward pass; of a layer's parts only the one that needs the most counts."""
    worst: dict[int | None, Share] = {}
    for share in memory.activations:
        held = worst.setdefault(share.place.layer, share)
        worst[share.place.layer] = max(held, share, key=lambda item: item.bytes)
    layers = [
        MemoryPart(share.place.part.value, share.bytes, 1)
        if layer is None
        else MemoryPart(f"layer {layer}", share.bytes, 1, f"in {share.place.part.value}")
        for layer, share in worst.items()
    ]
    return [
        *_weights(memory.weights),
        MemoryPart("activations", memory.activation_bytes, note="the most alive at once"),
        *_merged(layers),
        MemoryPart(PEAK, memory.total_bytes, note=f"in {place_words(memory.worst)}"),
        MemoryPart(MAPS, memory.attention_map_bytes, note="not in the peak: computed block by block"),
    ]


def training_parts(memory: TrainingMemory) -> list[MemoryPart]:
    """Returns the rows of a training step; they do not add up to the peak, since not all are alive at one moment."""
    maps = total_bytes(share for share in memory.kept if share.kept is Kept.ATTENTION_MAP)
    rows = [
        *_weights(memory.weights),
        MemoryPart("gradients", memory.gradient_bytes),
        MemoryPart("optimizer", memory.optimizer_bytes, note="AdamW"),
        MemoryPart("activations", memory.kept_bytes, note="kept for backward"),
        *_places(memory.kept),
    ]
    if maps:
        rows.append(MemoryPart(f"of them {MAPS}", maps, 1))
    during = "while the optimizer steps" if memory.worst.part is Part.OPTIMIZER else f"in {place_words(memory.worst)}"
    return [*rows, MemoryPart(PEAK, memory.peak_bytes, note=during)]


def place_words(place: Place) -> str:
    """Returns for example ``layer 3, feed-forward``, or ``classifier``."""
    return place.part.value if place.layer is None else f"layer {place.layer}, {place.part.value}"


def _weights(shares: tuple[Share, ...]) -> Iterator[MemoryPart]:
    yield MemoryPart("weights", total_bytes(shares))
    yield from _places(shares)


def _places(shares: tuple[Share, ...]) -> Iterator[MemoryPart]:
    """Yields what lies around the layers, part by part, and then every layer."""
    around = bytes_by_part(share for share in shares if share.place.layer is None)
    yield from (MemoryPart(part.value, size, 1) for part, size in around.items())
    yield from _merged(_by_layer(bytes_by_layer(shares)))


def _by_layer(sizes: Mapping[int | None, int]) -> list[MemoryPart]:
    return [MemoryPart(f"layer {number}", size, 1) for number, size in sizes.items() if number is not None]


def _merged(rows: list[MemoryPart]) -> Iterator[MemoryPart]:
    """Yields rows of layers; equal ones that follow each other become one, ``layers 1-12, each``."""
    start = 0
    for end in range(1, len(rows) + 1):
        first = rows[start]
        if end < len(rows) and rows[end] == replace(first, label=rows[end].label):
            continue
        numbers = f"{first.label.replace('layer', 'layers')}-{rows[end - 1].label.removeprefix('layer ')}, each"
        yield first if end - start == 1 else replace(first, label=numbers)
        start = end
