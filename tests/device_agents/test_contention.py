import pytest

from device_agents.contention import Sample, clean_share, is_contended, reference_latency

CLEAN = Sample(wall_s=0.0101, cpu_s=0.01)
DISTURBED = Sample(wall_s=0.0201, cpu_s=0.012)


def test_a_sample_is_clean_where_wall_time_is_cpu_time():
    assert CLEAN.clean
    assert not DISTURBED.clean


def test_the_clean_share_counts_clean_samples():
    assert clean_share([CLEAN, CLEAN, CLEAN, DISTURBED]) == 0.75


def test_three_clean_samples_of_four_are_not_contended_and_two_are():
    assert not is_contended(0.75)
    assert is_contended(0.5)


def test_a_mostly_clean_reference_has_the_median_wall_time_of_its_clean_samples():
    found = reference_latency([CLEAN] * 9 + [DISTURBED])
    assert found.latency_s == CLEAN.wall_s
    assert found.clean_share == 0.9
    assert not found.contended


def test_a_reference_that_never_ran_clean_has_its_low_decile_and_says_contended():
    samples = [Sample(wall_s=0.010 + 0.001 * index, cpu_s=0.005) for index in range(11)]
    found = reference_latency(samples)
    assert found.latency_s == pytest.approx(0.011)
    assert found.contended


def test_the_standard_error_of_a_quiet_reference_is_small():
    assert reference_latency([CLEAN] * 50).stderr_s == 0.0


def test_on_an_accelerator_samples_near_the_fastest_are_clean_whatever_the_processor_did():
    steady = [Sample(wall_s=0.010 + 0.00001 * index, cpu_s=0.001) for index in range(9)]
    found = reference_latency([*steady, Sample(wall_s=0.02, cpu_s=0.02)], accelerated=True)
    assert (found.clean_share, found.contended) == (0.9, False)
    assert found.latency_s == pytest.approx(0.01004)


def test_on_an_accelerator_wide_scatter_is_contended():
    samples = [Sample(wall_s=0.010 * (1 + index % 2), cpu_s=0.010) for index in range(12)]
    found = reference_latency(samples, accelerated=True)
    assert (found.clean_share, found.contended) == (0.5, True)
    assert found.latency_s == pytest.approx(0.010)
