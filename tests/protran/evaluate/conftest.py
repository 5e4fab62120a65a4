"""A table of encoders whose latencies follow from their size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from protran.tables.measurement_table import MeasurementTable
from search_spaces.cost import count
from search_spaces.genes import genes_of
from search_spaces.presets import BERT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space


@pytest.fixture(scope="session")
def space() -> DesignSpace:
    return load_space("flexibert-v2")


@pytest.fixture(scope="session")
def table(space: DesignSpace) -> MeasurementTable:
    """Forty candidates: a latency that follows their arithmetic, and a power of 20 W, both with 5 % noise."""
    candidates = tuple(sample(space, 40, SamplingMethod.SOBOL, 1))
    macs = np.asarray(count(genes_of(candidates), BERT_INPUT).macs, dtype=np.float64)
    noise = np.random.default_rng(0).normal(0.0, 0.05, (40, 2))
    values = np.stack([1e-9 * macs, np.full(40, 20.0)], axis=-1) * np.exp(noise)
    return MeasurementTable("device", candidates, ("latency_s", "peak_power_w"), values, np.full_like(values, math.nan))
