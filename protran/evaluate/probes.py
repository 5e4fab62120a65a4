"""How the rows of the training sets are picked; imports nothing heavy, so that a command line can name them."""

from __future__ import annotations

from enum import Enum


class Probes(str, Enum):
    """How the rows of the training sets are picked from the training part."""

    RANDOM = "random"
    DIVERSE = "diverse"
