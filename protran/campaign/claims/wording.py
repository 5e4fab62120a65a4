"""A claim in words."""

from __future__ import annotations

from collections.abc import Mapping

from device_agents.measurement import Value
from protran.campaign.claims.comparison import Comparison
from protran.campaign.claims.difference import Difference
from protran.campaign.claims.measures import MEASURES, Measure
from protran.campaign.claims.ratio import Ratio
from protran.campaign.claims.reference import KEY_SHOWN
from protran.report.scale import Scale
from protran.units import Unit, format_with_error

_PERCENT = Scale(0.01, "%")


def scores_text(ours: Value, theirs: Value, difference: Difference) -> str:
    """Returns ``20.7 ± 6.8 % against 21.3 ± 5.9 %, difference -0.6 ± 2.0 points, at most +3.1``."""
    return f"{_error(ours)} against {_error(theirs)}, difference {difference_text(difference)}"


def difference_text(difference: Difference) -> str:
    """Returns ``-0.6 ± 2.0 points, at most +3.1 (on other recordings +4.0)``; one seed tells no error."""
    if difference.stderr is None or difference.reach is None:
        return f"{100 * difference.value:+.1f} points by one seed each, whose error is not known"
    if difference.stderr == 0.0:
        return f"{100 * difference.value:+.1f} points"
    upper = f"at most {100 * (difference.value + difference.reach):+.1f}"
    if difference.elsewhere is not None:
        upper += f" (on other recordings {100 * (difference.value + difference.elsewhere):+.1f})"
    sign = "+" if difference.value > 0 else ""
    return f"{sign}{_PERCENT.write(difference.value, difference.stderr)} points, {upper}"


def costs_text(comparison: Comparison, reference: Mapping[str, Value]) -> str:
    """Returns what the member needs against the reference, measure by measure, with the provenance of both."""
    told, untold, unavailable = [], [], []
    for measure in MEASURES:
        ours, theirs = comparison.values[measure.name], reference[measure.name]
        ratio = comparison.ratios.get(measure.name)
        if ratio is None:
            unavailable.append(measure.label)
        elif ratio.below_one or ratio.above_one:
            told.append(f"{times_text(ratio, measure)} ({provenance_text(ours, theirs)})")
        else:
            untold.append(f"{measure.label} {_untold(ratio)} ({provenance_text(ours, theirs)})")
    parts = [f"has {', '.join(told)}"] if told else ["has no measure told apart"]
    parts += [f"not told apart: {', '.join(untold)}"] if untold else []
    parts += [f"unavailable: {', '.join(unavailable)}"] if unavailable else []
    return "; ".join(parts)


def times_text(ratio: Ratio, measure: Measure) -> str:
    """Returns ``3.1 (2.91 to 3.32) times lower latency``, of a ratio whose interval excludes 1."""
    shown = ratio.inverse() if ratio.below_one else ratio
    return f"{_with_interval(shown)} times {measure.less if ratio.below_one else measure.more}"


def provenance_text(ours: Value, theirs: Value) -> str:
    """Returns the provenance that both values share, or both: ``measured-counter against estimated-generic``."""
    kinds = [ours.provenance.value, theirs.provenance.value]
    return kinds[0] if kinds[0] == kinds[1] else " against ".join(kinds)


def number_text(number: float) -> str:
    """Returns a ratio with three significant digits, without an exponent where that reads well."""
    return f"{number:,.0f}" if number >= 1000 else f"{number:#.3g}".rstrip(".")


def key_text(comparison: Comparison) -> str:
    """Returns the first digits of the member's key."""
    return comparison.key[:KEY_SHOWN]


def _untold(ratio: Ratio) -> str:
    if ratio.low is None:
        return f"{number_text(ratio.value)} times, of unknown error"
    return "the same" if ratio.exact else f"{_with_interval(ratio)} times"


def _with_interval(ratio: Ratio) -> str:
    text = number_text(ratio.value)
    if ratio.exact or ratio.low is None or ratio.high is None:
        return text
    return f"{text} ({number_text(ratio.low)} to {number_text(ratio.high)})"


def _error(value: Value) -> str:
    return format_with_error(value.value, value.stderr, Unit.FRACTION)
