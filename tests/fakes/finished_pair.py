"""Two finished campaigns on one ledger, made once for a session; the second took over what the first knew."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from small_campaign import SmallCampaign

from protran.campaign.known_campaign import KnownCampaign, read_campaign
from protran.ledger.ledger import Ledger

NAMES = ("first", "second")


def folder_of_pair(factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of `first` and `second`; only to be read."""
    return _made(factory.getbasetemp())


def known_pair(factory: pytest.TempPathFactory) -> tuple[KnownCampaign, ...]:
    """Returns what is known of both."""
    return _known(folder_of_pair(factory))


@functools.cache
def _made(folder: Path) -> Path:
    runs = folder / "finished-pair"
    with pytest.MonkeyPatch.context() as patch:
        for seed, name in enumerate(NAMES):
            SmallCampaign.run(runs, patch, name, seed=seed, reuse="all")
    return runs


@functools.cache
def _known(runs: Path) -> tuple[KnownCampaign, ...]:
    with Ledger.open(runs / "ledger.sqlite", read_only=True) as ledger:
        return tuple(read_campaign(ledger, name) for name in NAMES)
