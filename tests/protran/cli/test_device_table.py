from __future__ import annotations

from typing import Any

import pytest

from protran.cli.device_table import advice, device_pairs

FRESH = {
    "name": "rpi4",
    "identity": "abc",
    "address": "x",
    "state": "joining",
    "reason": "",
    "silent_s": None,
    "last_seen_at": "2026-01-01T00:00:00Z",
}


def pairs(**changes: Any) -> dict[str, str]:
    return dict(device_pairs({**FRESH, **changes}))


def test_a_device_of_which_nothing_is_known_yet_has_no_empty_lines() -> None:
    assert set(pairs()) == {"name", "state", "address", "last seen", "throttled", "agent", "sensors"}


def test_a_device_that_was_never_heard_of_since_the_start_shows_its_stamp() -> None:
    assert pairs()["last seen"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(("throttled", "word"), [(None, "unknown"), (True, "yes"), (False, "no")])
def test_unknown_is_not_no(throttled: bool | None, word: str) -> None:
    assert pairs(health={"throttled": throttled})["throttled"] == word


def test_sensors_that_cannot_be_used_are_not_listed_as_sensors() -> None:
    sensors = [{"sensor": "rapl", "state": "unreadable"}, {"sensor": "hwmon", "state": "usable"}]
    assert pairs(facts={"sensors": sensors})["sensors"] == "hwmon"


def test_memory_and_temperature_have_their_units() -> None:
    told = pairs(facts={"memory_bytes": 4 * 1024**3}, health={"temperature_celsius": 61.4})
    assert (told["memory"], told["temperature"]) == ("4.0 GiB", "61 C")


def test_each_reason_and_remark_is_an_advice() -> None:
    wrong = {**FRESH, "reason": "no torch; no disk", "self_test": {"remark": "hot"}}
    assert advice(wrong) == ["no torch", "no disk", "hot"]


def test_a_device_that_is_well_needs_no_advice() -> None:
    assert advice({**FRESH, "state": "ready"}) == []
