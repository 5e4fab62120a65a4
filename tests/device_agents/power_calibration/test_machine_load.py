import os

import pytest

from device_agents.power_calibration.machine_load import children_cpu_s, machine_busy_s, usable_cores


def test_idle_waiting_and_stolen_time_is_not_busy(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/stat").write_text("cpu  100 20 30 9999 8888 40 10 7777 50 0\ncpu0 1 2 3\n")
    assert machine_busy_s(tmp_path) == pytest.approx(200 / os.sysconf("SC_CLK_TCK"))


@pytest.mark.parametrize("text", ["", "cpu  1 2", "cpu  a b c d e f g"])
def test_a_machine_that_does_not_say_how_busy_it_is_has_no_figure(tmp_path, text):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/stat").write_text(text)
    assert machine_busy_s(tmp_path) is None


def test_a_machine_without_such_a_file_has_no_figure(tmp_path):
    assert machine_busy_s(tmp_path) is None


def test_this_machine_has_cores_and_counts_its_children():
    assert usable_cores()
    assert children_cpu_s() >= 0.0


def test_where_no_affinity_is_known_all_cores_are_used(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_cores() == (0, 1, 2)
