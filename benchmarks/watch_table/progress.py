"""One line for each finished piece of work, with the time that is left."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence


def time_left_s(left: Sequence[int], known_s: Mapping[int, float]) -> float:
    """Returns how long the work on the candidates `left` takes: as long as known of each, or else as the known mean.

    Args:
        left: number of the candidate of each piece of work that is not done.
        known_s: seconds that one piece took, by number of the candidate.
    """
    if not known_s:
        return 0.0
    mean = statistics.fmean(known_s.values())
    return sum(known_s.get(number, mean) for number in left)


def tell(done: int, planned: int, what: str, left_s: float) -> None:
    """Prints a line on standard error."""
    hours, minutes = divmod(round(left_s / 60), 60)
    print(f"{done}/{planned} {what}, {hours} h {minutes:02} min left", file=sys.stderr, flush=True)
