"""The reference models, which one goes beside a candidate, and what a reference's latency on a device is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.pruning import deployed_architecture

REFERENCE_VERSION = 2
"""Version of the reference models; a latency of an older one says nothing about these."""

WIDTHS = (32, 64, 128, 256, 512, 768)
POSITIONS = (32, 64, 128, 256, 512)
DEPTH = 3
HEADS = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE, HeadKind.FOURIER, HeadKind.CONVOLUTION_9)
"""Heads of several kinds, as candidates have: separate passes of small models then differ by 0.3 to 0.4 % (standard
deviation), beside a reference of plain attention by 0.4 to 0.6 % (runs/LOG.md)."""
WEIGHTS_PER_SQUARE = 12
"""Weights of a standard layer over its squared width: four projections, and two matrices of four times the width."""


@dataclass(frozen=True)
class ReferenceSize:
    """Which reference model: hidden width of its layers, and positions that it reads."""

    width: int
    positions: int

    def to_json(self) -> list[int]:
        """Returns ``[width, positions]``."""
        return [self.width, self.positions]

    @classmethod
    def from_json(cls, payload: Sequence[int]) -> ReferenceSize:
        """Returns the size that `to_json` wrote."""
        width, positions = payload
        return cls(width, positions)


BASE = ReferenceSize(WIDTHS[0], POSITIONS[0])
"""The reference that gives a device its scale; the others are measured as ratios to it."""


def reference_size(candidate: Candidate, input_spec: InputSpec, workload: Workload) -> ReferenceSize:
    """Returns the reference that goes beside a candidate: of about the width of what runs, on about as many positions.

    A disturbed machine slows models of different size down differently: narrow ones wait for the interpreter and its
    kernel launches, wide ones for memory. Beside a reference of width 64, separate profiles of a model of width 256
    differed by 3.7 % (standard deviation), beside one of its own width by 0.7 % (runs/LOG.md). The choice
    follows from the request alone, so that all profiles of a candidate lean on the same reference.
    """
    layers = deployed_architecture(candidate).layers
    width = math.sqrt(sum(_weights(layer) for layer in layers) / (WEIGHTS_PER_SQUARE * len(layers)))
    return ReferenceSize(_nearest(WIDTHS, width), _nearest(POSITIONS, input_spec.sequence_length * workload.batch_size))


def reference_model(size: ReferenceSize = BASE) -> tuple[Candidate, InputSpec]:
    """Returns a reference: a 3-layer transformer; the base takes less than a millisecond on one desktop core.

    It never changes within one `REFERENCE_VERSION`: every `latency_ratio` is relative to it. A transformer tracks a
    disturbed machine far better than a plain matrix product does (7 % between runs), since it loads the same units.
    """
    layer = Layer(size.width, HEADS, (4 * size.width,))
    input_spec = InputSpec(InputKind.WINDOWS, length=4 * size.positions, classes=8, channels=3, patch=4)
    return Candidate(Architecture((layer,) * DEPTH)), input_spec


@dataclass(frozen=True)
class ReferenceLatency:
    """Latency of one reference model on one device: what turns ratios into seconds.

    Attributes:
        latency_s: wall seconds per call on an undisturbed machine.
        stderr_s: standard error of the device's scale; common to all candidates whose seconds were derived from it.
        clean_share: share of samples during which nobody else had the processor.
        contended: too few samples were clean, so `latency_s` is the low decile.
        ratio_stderr: relative standard error of its ratio to the base reference, 0 for the base itself. Unlike
            `stderr_s` it differs between candidates that lean on different references, so it belongs to each of them.
    """

    latency_s: float
    stderr_s: float
    clean_share: float
    contended: bool
    ratio_stderr: float = 0.0

    def times(self, ratio: float, ratio_stderr: float) -> ReferenceLatency:
        """Returns the latency of a reference that takes `ratio` (known to within `ratio_stderr`) times this one's."""
        return ReferenceLatency(
            self.latency_s * ratio, self.stderr_s * ratio, self.clean_share, self.contended, ratio_stderr / ratio
        )

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same value."""
        return {
            "version": REFERENCE_VERSION,
            "latency_s": self.latency_s,
            "stderr_s": self.stderr_s,
            "clean_share": self.clean_share,
            "contended": self.contended,
            "ratio_stderr": self.ratio_stderr,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> ReferenceLatency:
        """Returns the value that `to_json` wrote."""
        return cls(
            payload["latency_s"],
            payload["stderr_s"],
            payload["clean_share"],
            payload["contended"],
            payload["ratio_stderr"],
        )


def known_latency(payload: Mapping[str, Any] | None) -> ReferenceLatency | None:
    """Returns the base latency of an earlier session; None where there is none, or it is of older reference models."""
    if not payload or payload.get("version") != REFERENCE_VERSION:
        return None
    return ReferenceLatency.from_json(payload)


def _weights(layer: Layer) -> int:
    """Returns the weights of a layer's projections and feed-forward stack, as if all its heads were attention heads."""
    widths = (layer.hidden, *layer.feed_forward, layer.hidden)
    features = layer.hidden if layer.width is None else len(layer.heads) * layer.width
    return 4 * layer.hidden * features + sum(above * below for above, below in itertools.pairwise(widths))


def _nearest(sizes: Sequence[int], wanted: float) -> int:
    return min(sizes, key=lambda size: abs(math.log(size / max(wanted, 1.0))))
