from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from device_agents.workload import Workload
from protran.features import FeatureMap
from protran.fewshot.history import Conditions, History, histories
from protran.fewshot.sources import Source, source_of, source_weights, tensors_of, trusted
from protran.ledger.ledger import Ledger
from search_spaces.presets import BERT_INPUT
from search_spaces.space import DesignSpace
from surrogates.transfer import TransferSurrogate
from surrogates.transfer_source import SourceDevice

WANTED = Conditions(BERT_INPUT, Workload())


@pytest.fixture(scope="module")
def features(space: DesignSpace) -> FeatureMap:
    return FeatureMap(space, BERT_INPUT)


@pytest.fixture
def known(ledger: Ledger, space: DesignSpace, imported: Callable[..., None]) -> Callable[[], list[History]]:
    imported("fast")
    return lambda: histories(ledger, space, WANTED)


def test_a_device_with_values_is_a_source(features: FeatureMap, known: Callable[[], list[History]]) -> None:
    source = source_of(features, known()[0], "latency_s")
    assert (source.fault, source.rows, source.provenance) == ("", 24, "imported")
    assert source.device is not None
    assert trusted([source]) == [source.device]
    assert source.to_json()["source"] == "fast"


def test_one_without_the_measure_or_with_few_rows_is_none_and_says_why(
    features: FeatureMap, known: Callable[[], list[History]]
) -> None:
    assert source_of(features, known()[0], "energy_j").fault == "it has no values of this measure"
    history = known()[0]
    few = History("few", "few", WANTED, history.candidates[:3], history.measured)
    assert source_of(features, few, "latency_s").fault == "it has 3 values of this measure (at least 8 are needed)"


def test_a_contaminated_one_is_not_trusted(
    features: FeatureMap, known: Callable[[], list[History]], imported: Callable[..., None]
) -> None:
    imported("wild", wild=True)
    sources = [source_of(features, history, "latency_s") for history in known()]
    assert [device.name for device in trusted(sources)] == ["fast"]


def test_weights_are_what_moving_a_source_moves(features: FeatureMap, known: Callable[[], list[History]]) -> None:
    history = known()[0]
    source = source_of(features, history, "latency_s")
    assert source.device is not None
    x, y, variances = tensors_of(features, history, history.values("latency_s"))
    surrogate = TransferSurrogate([source.device])
    surrogate.fit(x[:6], 3.0 * y[:6], variances[:6])
    (weight,) = source_weights(surrogate, x)
    before = surrogate.predict(x).mean.detach().log().mean()
    surrogate.sources = (moved(source, 1e-3),)
    after = surrogate.predict(x).mean.detach().log().mean()
    assert 0.2 < weight < 1.2
    assert weight == pytest.approx(float(after - before) / 1e-3, rel=0.05)


def test_a_source_that_is_not_used_weighs_nothing(features: FeatureMap, known: Callable[[], list[History]]) -> None:
    history = known()[0]
    source = source_of(features, history, "latency_s")
    assert source.device is not None
    x, y, variances = tensors_of(features, history, history.values("latency_s"))
    surrogate = TransferSurrogate([source.device])
    surrogate.fit(x[:10], 1.0 / y[:10], variances[:10])  # the opposite order
    assert source_weights(surrogate, x) == [0.0]


def moved(source: Source, shift: float) -> SourceDevice:
    """The source with every answer larger by a share."""
    assert source.device is not None
    device = source.device

    class Moved(SourceDevice):
        def answers(self, x: torch.Tensor) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
            return {output: (median + shift, variance) for output, (median, variance) in device.answers(x).items()}

    return Moved(device.name, device.outputs, device.surrogate, device.consistency, device.x)
