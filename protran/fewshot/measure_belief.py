"""How wrong predictions of one measure of a device are to be expected, before its probes and after them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protran.fewshot.error import Error

NO_PROBE = "no probe was measured"
NO_SENSOR = "no probe has a value of it: no sensor, or it was measured without one"


@dataclass(frozen=True)
class Expected:
    """How wrong predictions of a measure are.

    Attributes:
        basis: what they rest on: `sources`, `rows` (of the device), `sources and rows`, or `nothing`.
        seen: on the probes: before, of predictions made without them; after, of each from the others.
        space: what the belief expects of itself over a sample of the space, against one new measurement.
        checks: on random candidates that nothing was learned from; None where none was asked for.
        rank: rank correlation of predictions with the probes' values, for `sources` alone: they may know the order of
            candidates without knowing how fast the device is.
    """

    basis: str
    seen: Error | None = None
    space: Error | None = None
    checks: Error | None = None
    rank: float | None = None

    def to_json(self, seen: str) -> dict[str, Any]:
        """Returns the fields, `seen` under this name; what is unknown is null."""
        errors = {seen: self.seen, "over_space": self.space, "on_checks": self.checks}
        return {
            "basis": self.basis,
            **{name: None if error is None else error.to_json() for name, error in errors.items()},
            **({} if self.rank is None else {"rank_correlation": self.rank}),
        }


UNKNOWN = Expected("nothing")


@dataclass(frozen=True)
class MeasureBelief:
    """One measure of the device.

    Attributes:
        name: the measure.
        probes: how many probes have a value of it.
        provenance: of these values; None where there is none.
        before: without the probes.
        after: with them.
        sources: what became of each source.
        reason: why nothing is known after the probes; empty where something is.
    """

    name: str
    probes: int
    provenance: str | None
    before: Expected = UNKNOWN
    after: Expected = UNKNOWN
    sources: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    reason: str = ""

    @property
    def status(self) -> str:
        """`calibrated`, `too few probes`, `unavailable` (no probe has it), or `not measured` (there is no probe)."""
        if self.probes == 0:
            return "not measured" if self.reason == NO_PROBE else "unavailable"
        return "calibrated" if self.after is not UNKNOWN else "too few probes"

    def to_json(self) -> dict[str, Any]:
        """Returns the fields."""
        return {
            "name": self.name,
            "status": self.status,
            "probes": self.probes,
            "provenance": self.provenance,
            "before": self.before.to_json("on_probes"),
            "after": self.after.to_json("leave_one_out"),
            "sources": list(self.sources),
            "reason": self.reason,
        }
