from device_agents.energy_windows import Phase, PowerWindow
from device_agents.meters.base import PowerTrace, Reading
from device_agents.runner.power_record import NO_RECORD, power_record


def window(phase, start_s, powers_w):
    times = tuple(float(number) for number in range(len(powers_w)))
    trace = PowerTrace(times, tuple(powers_w)) if powers_w else None
    return PowerWindow(phase, start_s, Reading(10.0, 1.0, trace))


def test_times_count_from_the_begin_of_the_first_window():
    record = power_record([window(Phase.IDLE_BEFORE, 100.0, (4.0, 5.0)), window(Phase.BUSY, 112.5, (9.0,))])
    assert record.trace == ((0.0, 4.0), (1.0, 5.0), (12.5, 9.0))
    assert record.phases == (("idle-before", 0.0, 10.0), ("busy", 12.5, 22.5))
    assert record.details() == {"power_trace_samples": 3.0}


def test_a_long_trace_is_thinned_out_evenly_and_says_of_how_many():
    record = power_record([window(Phase.BUSY, 0.0, [1.0] * 101)], most_points=11)
    assert [time_s for time_s, _ in record.trace] == [10.0 * number for number in range(11)]
    assert record.samples == 101


def test_without_samples_there_is_no_record():
    assert power_record([window(Phase.BUSY, 0.0, ())]) == NO_RECORD
    assert NO_RECORD.details() == {}
