from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from protran.errors import InputError
from protran.evaluate.source_tables import read_sources
from protran.tables.measurement_table import MeasurementTable
from search_spaces.space import DesignSpace


def written(path: Path, table: MeasurementTable, column: str, factor: float) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", column])
        for candidate, (value, *_) in zip(table.candidates, table.values.tolist(), strict=True):
            writer.writerow([json.dumps(candidate.architecture.to_json()), factor * value])
    return path


def test_a_source_may_lack_a_usual_target(table: MeasurementTable, space: DesignSpace, tmp_path: Path) -> None:
    (source,) = read_sources([written(tmp_path / "gpu.csv", table, "latency_s", 2.0)], space, table)
    assert (source.name, source.targets) == ("gpu", ("latency_s",))
    np.testing.assert_allclose(source.values[:, 0], 2.0 * table.values[:, 0])


def test_a_source_without_any_of_the_targets_is_refused(
    table: MeasurementTable, space: DesignSpace, tmp_path: Path
) -> None:
    path = written(tmp_path / "gpu.csv", table, "energy_j", 1.0)
    with pytest.raises(InputError, match=r"gpu\.csv: expected a column latency_s or peak_power_w"):
        read_sources([path], space, table)


def test_the_evaluated_table_is_refused(table: MeasurementTable, space: DesignSpace, tmp_path: Path) -> None:
    path = written(tmp_path / "copy.csv", table, "latency_s", 1.0)
    with pytest.raises(InputError, match="which is the evaluated table device itself"):
        read_sources([path], space, table)
