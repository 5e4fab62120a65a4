from __future__ import annotations

import math

import pytest
import torch

from surrogates.transfer_screen import screen
from surrogates.transfer_source import Consistency, SourceDevice

CLEAN = Consistency(0.95, 0.0, 100)
LOGS = torch.arange(10, dtype=torch.float64)


def source(name: str, consistency: Consistency | None) -> SourceDevice:
    outputs, found = ((), ()) if consistency is None else ((0,), (consistency,))
    return SourceDevice(name, outputs, None, found, torch.zeros(1, 1))


def test_a_clean_source_that_agrees_is_kept():
    assert screen([source("gpu", CLEAN)], 0, {0: 2.0 * LOGS}, LOGS) == ((0,), ())


@pytest.mark.parametrize("rank", [0.4, math.nan])
def test_a_contaminated_source_is_named_with_reason_and_score(rank):
    kept, (dropped,) = screen([source("cpu", Consistency(rank, 0.2, 100))], 0, {0: LOGS}, LOGS)
    assert kept == ()
    assert (dropped.source, dropped.output) == ("cpu", 0)
    assert dropped.reason.startswith("contaminated: 20% of its measurements")
    assert dropped.score == (None if math.isnan(rank) else rank)


def test_a_source_that_ranks_the_devices_rows_the_other_way_is_dropped():
    kept, (dropped,) = screen([source("cpu", CLEAN), source("gpu", CLEAN)], 0, {0: -LOGS, 1: LOGS}, LOGS)
    assert kept == (1,)
    assert dropped.reason.startswith("disagrees: its answers rank this device's rows with a correlation of -1.00")
    assert dropped.score == pytest.approx(-1.0)


def test_few_rows_do_not_tell_disagreement():
    assert screen([source("cpu", CLEAN)], 0, {0: -LOGS[:7]}, LOGS[:7]) == ((0,), ())


def test_a_source_without_the_output_says_so():
    _, (dropped,) = screen([source("cpu", None)], 0, {}, LOGS)
    assert dropped.reason == "it has no values of this output"
