"""The document behind a page: its version, and the words that every part of it shares.

The document is one JSON object. Every number is in the SI unit that stands beside it; every value of a candidate says
where it comes from; a part that a campaign cannot have (yet) is empty and `missing` says why. Readers take a document
of their own major version, and pass over keys that they do not know.

::

    schema, version, made_at, protran
    campaign            how far it is, what it is about
    devices             where it measured
    candidates          genes, deployment, origin; the drawings come from here
    views               which values of which candidates: verified ones, or all by short trainings
    hypervolume         over the scored candidates
    learning_curves     of trainings
    calibration         predicted against measured
    power               watts over seconds
    quality             flags, rejections, failures
    carbon              of the campaign's own work
    reproduce           command, configuration, seeds, versions, machine
    words               of head kinds and flags
    missing             part -> sentence
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

from device_agents.measurement import Provenance
from search_spaces.candidate import HeadKind

SCHEMA = "protran-page"
VERSION = 1

Document = Mapping[str, Any]
"""A JSON object of this schema, or a part of it."""

HEAD_WORDS: Mapping[HeadKind, str] = {
    HeadKind.SCALED_DOT_PRODUCT: "scaled dot product",
    HeadKind.WEIGHTED_MULTIPLICATIVE: "weighted multiplicative",
    HeadKind.FOURIER: "Fourier transform",
    HeadKind.COSINE: "cosine transform",
    HeadKind.CONVOLUTION_5: "convolution, 5 wide",
    HeadKind.CONVOLUTION_9: "convolution, 9 wide",
    HeadKind.CONVOLUTION_13: "convolution, 13 wide",
}
CONFIDENCES = (0.9, 0.95, 0.99)


def words() -> dict[str, Any]:
    """Returns what a page needs to know of words and rules that are not the campaign's own.

    `trust` is the order in which provenances may stand in one column, `margins` how many standard errors below a limit
    a value must be to keep it with that probability.
    """
    return {
        "heads": [{"kind": kind.value, "words": text} for kind, text in HEAD_WORDS.items()],
        "trust": [provenance.value for provenance in Provenance],
        "margins": [
            {"confidence": confidence, "standard_errors": NormalDist().inv_cdf(confidence)}
            for confidence in CONFIDENCES
        ],
    }
