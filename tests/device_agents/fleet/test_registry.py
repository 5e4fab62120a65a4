import threading

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.registry import Enrolled, Registry, enrolled_devices, enrolled_reader

FULL = Enrolled(
    "rpi4",
    "one",
    "192.168.1.7",
    admitted=True,
    agent={"kind": "local", "options": {"runner_python": "/p"}},
    software={"python": "3.11.2"},
    facts={"cores": 4},
    reference={"latency_s": 0.01},
    self_test={"drift": 0.0},
    boot="boot 1",
    enrolled_at="2026-01-01T00:00:00Z",
    last_seen_at="2026-01-02T00:00:00Z",
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "devices.json"


def names(registry):
    return [device.name for device in registry.all()]


def test_a_device_comes_back_from_json_as_it_was():
    assert Enrolled.from_json(FULL.to_json()) == FULL


def test_what_a_later_version_knows_besides_is_left_out():
    assert Enrolled.from_json({**FULL.to_json(), "colour": "red"}) == FULL


def test_devices_outlive_the_controller_in_the_order_in_which_they_asked(path):
    registry = Registry(path)
    for device in (FULL, Enrolled("a", "two", "x"), FULL):
        registry.put(device)
    assert Registry(path).all() == (FULL, Enrolled("a", "two", "x"))
    assert path.stat().st_mode & 0o077 == 0


def test_others_read_the_devices_from_the_file(path, monkeypatch):
    Registry(path).put(FULL)
    assert enrolled_devices(path.parent) == {"rpi4": FULL}
    monkeypatch.setenv("PROTRAN_FLEET", str(path.parent))
    assert enrolled_devices() == {"rpi4": FULL}


def test_where_there_never_was_a_controller_there_are_no_devices(tmp_path):
    assert enrolled_devices(tmp_path / "absent") == {}


def test_a_reader_sees_what_becomes_of_its_device(path, monkeypatch):
    monkeypatch.setenv("PROTRAN_FLEET", str(path.parent))
    registry = Registry(path)
    registry.put(FULL)
    read = enrolled_reader("rpi4")
    registry.revise(FULL, boot="boot 2")
    assert read().boot == "boot 2"
    registry.remove("rpi4")
    assert read() is None


def test_a_reader_of_an_unknown_device_is_refused_with_those_that_there_are(path, monkeypatch):
    monkeypatch.setenv("PROTRAN_FLEET", str(path.parent))
    Registry(path).put(FULL)
    with pytest.raises(DeviceError, match=r"\(rpi4\), got 'rpi5'"):
        enrolled_reader("rpi5")


def test_an_identity_is_known_by_the_name_of_its_admitted_device(path):
    registry = Registry(path)
    registry.put(FULL)
    registry.put(Enrolled("a", "two", "x"))
    assert [registry.named(identity) for identity in ("one", "two", "three")] == ["rpi4", None, None]


def test_a_revision_keeps_what_others_changed_meanwhile(path):
    registry = Registry(path)
    registry.put(FULL)
    registry.revise(FULL, boot="boot 2")
    revised = registry.revise(FULL, reason="hot")
    assert (revised.boot, revised.reason) == ("boot 2", "hot")
    assert Registry(path).get("rpi4") == revised


@pytest.mark.parametrize("device", [Enrolled("rpi5", "one", "x"), Enrolled("rpi4", "two", "x")])
def test_a_device_that_is_gone_or_another_one_is_not_revised(path, device):
    registry = Registry(path)
    registry.put(FULL)
    assert registry.revise(device, reason="hot") is None
    assert registry.all() == (FULL,)


def test_a_removed_device_is_forgotten_for_good(path):
    registry = Registry(path)
    registry.put(FULL)
    registry.remove("rpi4")
    assert (registry.get("rpi4"), names(Registry(path))) == (None, [])


def test_removing_an_unknown_device_names_those_that_there_are(path):
    registry = Registry(path)
    registry.put(FULL)
    with pytest.raises(DeviceError, match=r"\(rpi4\), got 'rpi5'"):
        registry.remove("rpi5")


def test_a_write_that_fails_changes_nothing(tmp_path):
    folder = tmp_path / "fleet"
    folder.mkdir()
    registry = Registry(folder / "devices.json")
    registry.put(FULL)
    (folder / "devices.json").unlink()
    folder.rmdir()
    with pytest.raises(DeviceError, match="cannot write"):
        registry.put(Enrolled("a", "two", "x"))
    assert registry.all() == (FULL,)


def test_devices_that_ask_at_once_are_all_recorded(path):
    registry = Registry(path)
    wanted = [f"d{number}" for number in range(8)]
    threads = [threading.Thread(target=registry.put, args=(Enrolled(name, name, "x"),)) for name in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names(Registry(path))) == wanted


@pytest.mark.parametrize(
    "content", ['{"version": 1}', '{"version": 1, "devices": [{"name": "a"}]}', '{"version": 1, "devices": 3}']
)
def test_a_broken_file_is_an_error_that_names_it(path, content):
    path.write_text(content)
    with pytest.raises(DeviceError, match=r"devices\.json is not a registry"):
        Registry(path)


def test_the_file_of_another_version_is_left_alone(path):
    path.write_text('{"version": 2, "devices": []}')
    with pytest.raises(DeviceError, match=r"expected version 1 .* got 2"):
        Registry(path)
