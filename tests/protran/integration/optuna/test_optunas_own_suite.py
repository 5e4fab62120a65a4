"""Optuna's own tests of samplers, as far as they apply.

`SingleOnlySamplerTestCase` does not: it demands that several objectives are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

from protran.integration.optuna.proposal import SearchEffort
from protran.integration.optuna.sampler import ProTranSampler

LITTLE = SearchEffort(draws=16, starts=2, steps=2, rounds=1)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def quick() -> BaseSampler:
    return ProTranSampler(seed=0, n_startup_trials=6, effort=LITTLE)


class TestProTranSampler(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return quick
