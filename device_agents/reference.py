"""The fixed reference model, and what its latency on a device is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec


def reference_model() -> tuple[Candidate, InputSpec]:
    """Returns the reference: a 3-layer transformer on 64 positions, about a millisecond on one desktop core.

    It never changes within one version of the procedure: every `latency_ratio` is relative to it. A transformer tracks
    a disturbed machine far better than a plain matrix product does (7 % between runs), since it loads the same units.
    """
    layer = Layer(hidden=64, heads=(HeadKind.SCALED_DOT_PRODUCT,) * 4, feed_forward=(256,))
    input_spec = InputSpec(InputKind.WINDOWS, length=128, classes=8, channels=3, patch=2)
    return Candidate(Architecture((layer,) * 3)), input_spec


@dataclass(frozen=True)
class ReferenceLatency:
    """Latency of the reference model on one device: what turns ratios into seconds.

    Attributes:
        latency_s: wall seconds per call on an undisturbed machine.
        stderr_s: its standard error; common to all candidates whose seconds were derived from it.
        clean_share: share of samples during which nobody else had the processor.
        contended: too few samples were clean, so `latency_s` is the low decile.
    """

    latency_s: float
    stderr_s: float
    clean_share: float
    contended: bool

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same value."""
        return {
            "latency_s": self.latency_s,
            "stderr_s": self.stderr_s,
            "clean_share": self.clean_share,
            "contended": self.contended,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> ReferenceLatency:
        """Returns the value that `to_json` wrote."""
        return cls(payload["latency_s"], payload["stderr_s"], payload["clean_share"], payload["contended"])
