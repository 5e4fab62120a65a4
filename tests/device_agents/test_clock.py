import pytest

from device_agents.clock import ManualClock, SystemClock


def test_the_system_clocks_never_run_back():
    clock = SystemClock()
    wall, cpu = clock.wall_s(), clock.cpu_s()
    sum(range(10_000))
    assert clock.wall_s() > wall
    assert clock.cpu_s() >= cpu


def test_sleeping_takes_wall_time_and_hardly_any_cpu_time():
    clock = SystemClock()
    wall, cpu = clock.wall_s(), clock.cpu_s()
    clock.sleep(0.02)
    assert clock.wall_s() - wall >= 0.02
    assert clock.cpu_s() - cpu < clock.wall_s() - wall


def test_a_manual_clock_moves_only_when_told():
    clock = ManualClock()
    clock.advance(wall_s=2.0, cpu_s=1.5)
    clock.sleep(1.0)
    assert (clock.wall_s(), clock.cpu_s()) == (3.0, 1.5)


def test_a_manual_clock_refuses_to_run_back():
    with pytest.raises(ValueError, match="only moves forward"):
        ManualClock().advance(wall_s=-1.0, cpu_s=0.0)
