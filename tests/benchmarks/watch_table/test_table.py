"""Trainings and profiles joined into a table that the product reads."""

import numpy as np
import pytest

from benchmarks.watch_table import table
from benchmarks.watch_table.noise import write_noise
from benchmarks.watch_table.plan import design_space, planned
from benchmarks.watch_table.profiles import Profile
from benchmarks.watch_table.table import Rows, joined, read_rows, write_table
from benchmarks.watch_table.trainings import Training
from benchmarks.watch_table.truth import MEAN, Estimate, means_of
from protran.benchmark.pool import read_pool
from protran.errors import InputError
from protran.studies.row_log import RowLog

COUNT = 4
OBJECTIVES = ("error", "latency_s", "memory_bytes", "parameters")


def training(number, seed, key, status="ok", error=None):
    error = 0.2 + 0.01 * number + 0.02 * seed if error is None else error
    return Training(
        number, seed, key, f"t{number}-{seed}", status, "", error, 0.05, error + 0.1, 0.05, 100 + number, 22, 20, 9.0,
        8.0, "", "a machine",
    )  # fmt: skip


def profile(number, repeat, key, device="device"):
    latency_s = 1e-3 * (1 + number) * (1 + 0.1 * repeat)
    return Profile(
        number, repeat, key, f"p{number}-{repeat}", device, "ok", "", "", latency_s, 1e-6, 1.0, 1e-3, latency_s, 1e-6,
        5000.0 + number, 0.0, 0.9, 0.5, 4.0, "",
    )  # fmt: skip


@pytest.fixture(scope="module")
def candidates():
    return planned(COUNT)


@pytest.fixture(autouse=True)
def plain_mean(monkeypatch):
    """Surrogates of four rows are of no use, and slow."""
    monkeypatch.setattr(table, "estimates", lambda scores, x: [Estimate(MEAN, means_of(scores), 0.0)])


@pytest.fixture
def write(tmp_path, candidates):
    """Writes a folder of trainings and profiles, made by number of the candidate, seed or repeat, and key."""

    def written(trainings, profiles):
        keys = [candidate.architecture.key for candidate in candidates]
        with RowLog(Training, tmp_path / "trainings.csv") as log:
            for number, seed in trainings:
                log.append(training(number, seed, keys[number]))
        with RowLog(Profile, tmp_path / "profiles.csv") as log:
            for number, repeat in profiles:
                log.append(profile(number, repeat, keys[number]))
        return tmp_path

    return written


WHOLE = [(number, repeat) for repeat in range(2) for number in range(COUNT)]


def test_raw_values_are_of_one_training_and_one_profile_and_smooth_ones_of_all(write):
    columns = joined(read_rows(write(WHOLE, WHOLE)))
    np.testing.assert_allclose(columns["error"], [0.20, 0.21, 0.22, 0.23])
    np.testing.assert_allclose(columns["error_smooth"], [0.21, 0.22, 0.23, 0.24])
    np.testing.assert_allclose(columns["test_error"], [0.30, 0.31, 0.32, 0.33])
    np.testing.assert_allclose(columns["latency_s"], [1e-3, 2e-3, 3e-3, 4e-3])
    np.testing.assert_allclose(columns["latency_s_smooth"], [1.05e-3, 2.1e-3, 3.15e-3, 4.2e-3])
    np.testing.assert_allclose(columns["memory_bytes_smooth"], [5000, 5001, 5002, 5003])


def test_the_table_serves_as_a_pool(write, candidates):
    folder = write(WHOLE, WHOLE)
    assert write_table(folder).endswith("4 candidates, 8 trainings, 8 profiles")
    pooled = read_pool(folder / table.NAME, design_space(), OBJECTIVES)
    assert pooled.pool.candidates == tuple(candidates)
    np.testing.assert_allclose(pooled.observed[:, 3], [100, 101, 102, 103])
    np.testing.assert_allclose(pooled.smooth[:, 0], [0.21, 0.22, 0.23, 0.24])


def test_what_was_not_measured_is_an_empty_cell_and_no_row_of_the_pool(write):
    folder = write([(0, 0), (2, 0), (0, 1), (3, 1)], [(0, 0), (2, 0), (3, 0)])
    write_table(folder)
    assert "nan" not in (folder / table.NAME).read_text()
    assert len(read_pool(folder / table.NAME, design_space(), OBJECTIVES).pool) == 2  # 3 has no training of seed 0


def test_a_failed_training_does_not_count(write, candidates):
    folder = write([(0, 0)], [])
    with RowLog(Training, folder / "trainings.csv") as log:
        log.append(training(1, 0, candidates[1].architecture.key, status="failed"))
    rows = read_rows(folder)
    assert [row.number for row in rows.trainings] == [0]
    assert rows.scores("error").shape == (2, 1)


def test_a_folder_without_trainings_is_told_what_to_do(tmp_path):
    with pytest.raises(InputError, match="run the trainings first"):
        read_rows(tmp_path)


def test_rows_of_another_candidate_are_refused(write):
    folder = write(WHOLE, [])
    with RowLog(Training, folder / "trainings.csv") as log:
        log.append(training(1, 2, "another"))
    with pytest.raises(InputError, match="candidate 1 is another one by now"):
        read_rows(folder)


def test_profiles_of_two_devices_are_refused(write, candidates):
    folder = write(WHOLE, WHOLE)
    with RowLog(Profile, folder / "profiles.csv") as log:
        log.append(profile(0, 2, candidates[0].architecture.key, device="other"))
    with pytest.raises(InputError, match="profiles of one device, got several"):
        read_rows(folder)


def test_a_table_of_no_profiles_has_errors_alone(candidates):
    rows = tuple(training(number, seed, "") for number, seed in WHOLE)
    columns = joined(Rows(tuple(candidates), rows, ()))
    assert np.isnan(columns["latency_s"]).all()
    np.testing.assert_allclose(columns["parameters"], [100, 101, 102, 103])


def test_noise_of_a_run_that_is_at_its_first_seed_is_told_as_far_as_it_is_known(write, tmp_path):
    text = write_noise(write([(0, 0), (1, 0)], []), tmp_path)
    assert "| standard deviation between seeds | not known yet | not known yet |" in text
    assert "No profiles yet." in text
    assert (tmp_path / "watch_table.csv").read_text().startswith("part,figure,value\nerror,candidates,2\n")
