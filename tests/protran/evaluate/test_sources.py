from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from protran.errors import InputError
from protran.evaluate.document import document
from protran.evaluate.evaluation import Plan, Result, evaluate
from protran.evaluate.probes import Probes
from protran.evaluate.sources import SourceUse, check_sources, fit_sources, summaries
from protran.evaluate.splits import TrainSize
from protran.tables.measurement_table import MeasurementTable
from search_spaces.space import DesignSpace
from surrogates.transfer_screen import Dropped


def another(table: MeasurementTable, name: str, seed: int = 7, wild: int = 0) -> MeasurementTable:
    """A device twice as fast as the table's; every `wild`-th value is a fault."""
    values = 0.5 * table.values * np.exp(np.random.default_rng(seed).normal(0.0, 0.05, table.values.shape))
    if wild:
        values[::wild, 0] *= 50.0
    return dataclasses.replace(table, name=name, values=values)


def plan(*sizes: str, model: str = "transfer", probes: Probes = Probes.RANDOM) -> Plan:
    return Plan((model,), tuple(TrainSize.parse(size) for size in sizes), 0.25, 2, 0, probes)


def run(table: MeasurementTable, space: DesignSpace, how: Plan, *sources: MeasurementTable) -> list[Result]:
    return evaluate(table, space, how, None, sources)


def test_a_contaminated_source_is_named_for_its_target_in_every_split(
    table: MeasurementTable, space: DesignSpace
) -> None:
    sources = another(table, "gpu"), another(table, "shared", wild=3)
    told = document("device", run(table, space, plan("8"), *sources))["results"]
    latency = {entry["source"]: entry for entry in told[0]["sources"]}
    assert latency["shared"]["dropped_share"] == 1.0
    assert latency["shared"]["reasons"][0]["reason"].startswith("contaminated: ")
    assert latency["shared"]["reasons"][0]["splits"] == 2
    assert set(latency["shared"]["score"]) == {"median", "q1", "q3"}
    assert latency["gpu"] == {
        "source": "gpu",
        "dropped_share": 0.0,
        "reasons": [],
        "score": {"median": None, "q1": None, "q3": None},
    }


def test_sources_help_where_rows_are_few(table: MeasurementTable, space: DesignSpace) -> None:
    with_sources = run(table, space, plan("3"), another(table, "gpu"))[0]
    without = run(table, space, plan("3", model="gp"))[0]
    assert with_sources.summary("nmse").median < without.summary("nmse").median


def test_auto_asks_other_devices_only_where_there_are_sources(table: MeasurementTable, space: DesignSpace) -> None:
    alone = run(table, space, plan("4", model="auto"))[0]
    together = run(table, space, plan("4", model="auto"), another(table, "gpu"))[0]
    assert (set(alone.weights_by_member()), alone.uses) == ({"gp", "trees"}, [])
    assert set(together.weights_by_member()) == {"transfer", "trees"}
    assert [use.used for use in together.uses] == [("gpu",)] * 2


def test_the_transfer_without_sources_is_refused(table: MeasurementTable, space: DesignSpace) -> None:
    with pytest.raises(InputError, match="expected sources for the model transfer, got none"):
        run(table, space, plan("4"))


def test_results_without_transfer_say_nothing_of_sources(table: MeasurementTable, space: DesignSpace) -> None:
    (entry, _) = document("device", run(table, space, plan("4", model="gp"), another(table, "gpu")))["results"]
    assert "sources" not in entry


def test_diverse_probes_are_the_same_in_every_size_and_other_than_random_ones(
    table: MeasurementTable, space: DesignSpace
) -> None:
    diverse, random = (
        [r.samples["nmse"] for r in run(table, space, plan("5", model="gp", probes=probes))]
        for probes in (Probes.DIVERSE, Probes.RANDOM)
    )
    assert diverse != random


def test_a_source_may_lack_a_target(table: MeasurementTable) -> None:
    import torch

    short = dataclasses.replace(table, targets=("latency_s",), values=table.values[:, :1])
    x = torch.arange(40, dtype=torch.float64).unsqueeze(-1)
    y = torch.as_tensor(short.values)
    (source,) = fit_sources([short], ("peak_power_w", "latency_s"), lambda _: (x, y, torch.full_like(y, math.nan)))
    assert source.outputs == (1,)


def test_the_evaluated_table_is_no_source_for_itself_in_any_order(table: MeasurementTable) -> None:
    order = np.random.default_rng(0).permutation(len(table.candidates))
    shuffled = MeasurementTable(
        "copy", tuple(table.candidates[i] for i in order), table.targets, table.values[order], table.variances[order]
    )
    with pytest.raises(InputError, match="got copy, which is the evaluated table device itself"):
        check_sources(table, [shuffled])


def test_another_device_of_the_same_candidates_is_a_source(table: MeasurementTable) -> None:
    check_sources(table, [another(table, "gpu"), another(table, "cpu")])


def test_two_sources_of_one_name_are_refused(table: MeasurementTable) -> None:
    with pytest.raises(InputError, match="got two of the name 'gpu'"):
        check_sources(table, [another(table, "gpu"), another(table, "gpu", seed=8)])


def test_shares_and_reasons_are_counted_over_splits() -> None:
    bad = Dropped("cpu", 0, "disagrees", 0.1)
    uses = [SourceUse(("gpu",), (bad,)), SourceUse(("gpu", "cpu"), ()), SourceUse(("gpu",), (bad,)), SourceUse((), ())]
    cpu, gpu = summaries(uses)
    assert (cpu.source, cpu.dropped_share, dict(cpu.reasons), cpu.score.median) == ("cpu", 0.5, {"disagrees": 2}, 0.1)
    assert (gpu.source, gpu.dropped_share) == ("gpu", 0.0)
