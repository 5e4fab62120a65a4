"""The life cycle of a campaign."""

from __future__ import annotations

from enum import Enum


class Phase(str, Enum):
    """The four phases and their end; each can stop at any moment and resume.

    ::

        seed ──► learn ──► search ──► verify ──► done
         │         │          │          └ re-measure and re-train the front's members
         │         │          └ gradient-based multi-objective search, profile + train each proposal
         │         └ active learning of the hardware surrogates: profiles alone, no training
         └ a low-discrepancy sample of the space, profiled and trained
    """

    SEED = "seed"
    LEARN = "learn"
    SEARCH = "search"
    VERIFY = "verify"
    DONE = "done"
