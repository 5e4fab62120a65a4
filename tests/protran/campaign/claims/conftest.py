"""Comparisons that are made up, and a small campaign that is complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_campaign import SmallCampaign

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.campaign.claims.comparison import Comparison
from protran.campaign.claims.difference import Difference
from protran.campaign.claims.ratio import ratio_of
from protran.front import FrontCandidate
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer


def values_of(error: float, latency_s: float, memory_bytes: float, test_error: float) -> dict[str, Value]:
    return {
        "error": Value(error, 0.05, Provenance.SCORED),
        "test_error": Value(test_error, 0.04, Provenance.SCORED),
        "latency_s": Value(latency_s, 0.02 * latency_s, Provenance.MEASURED_COUNTER),
        "energy_j": UNAVAILABLE,
        "peak_power_w": UNAVAILABLE,
        "memory_bytes": Value(memory_bytes, 0.0, Provenance.EXACT),
        "parameters": Value(memory_bytes / 8, 0.0, Provenance.EXACT),
        "weight_bytes": Value(memory_bytes / 2, 0.0, Provenance.EXACT),
    }


REFERENCE = values_of(0.2, 1e-3, 80_000.0, 0.2)


@pytest.fixture
def reference_values() -> dict[str, Value]:
    return dict(REFERENCE)


@pytest.fixture
def compared() -> Callable[..., Comparison]:
    """Makes the comparison of a member with a reference whose error is 20 %, latency 1 ms, memory 80 kB."""

    def make(
        number: int, error: float, latency_s: float, memory_bytes: float = 8000.0, test_error: float = 0.2
    ) -> Comparison:
        candidate = Candidate(Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (8 * number,)),)))
        values = values_of(error, latency_s, memory_bytes, test_error)
        ratios = {name: ratio_of(values[name], REFERENCE[name], 0.95) for name in values if "error" not in name}
        return Comparison(
            FrontCandidate(candidate, values),
            values,
            Difference(error - 0.2, 0.01, 0.02, 5, 0.07),
            Difference(test_error - 0.2, 0.01, 0.02, 5, 0.06),
            {name: ratio for name, ratio in ratios.items() if ratio is not None},
        )

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign `x` that is complete; only to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        return SmallCampaign.run(tmp_path_factory.mktemp("finished"), patch).runs


@pytest.fixture
def small(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    shutil.copytree(finished, tmp_path / "runs")
    return SmallCampaign.on(tmp_path / "runs", monkeypatch)
