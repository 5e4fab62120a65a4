"""The tables and figures of docs/devices.md are those of the code."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from fleet_parts import LOOPBACK, TOKEN, free_port, listener, opened_gate, preflight_body

from device_agents.clock import ManualClock
from device_agents.energy_plan import EnergyPlan
from device_agents.enrolment.fitness import LEAST_MEMORY_BYTES
from device_agents.errors import DeviceError
from device_agents.fleet import addresses, attendance
from device_agents.fleet.admission import UNSTEADY_WITHIN
from device_agents.fleet.applicant import Applicant
from device_agents.fleet.device_workplace import PATIENCE_S
from device_agents.fleet.gatekeeper import CLOCK_TOLERANCE_S, Gatekeeper
from device_agents.fleet.handshake import Endpoint, ask
from device_agents.fleet.ports import ControllerPorts, device_ports
from device_agents.fleet.reach import answering, way_back
from device_agents.fleet.registry import Enrolled, Registry
from device_agents.fleet.software import differences, own_software
from device_agents.fleet.token import read_token
from device_agents.meters import apple, battery, hwmon, nvml, rapl, rpi_pmic
from device_agents.meters.reports import PREFERENCE
from device_agents.meters.spec import MeterKind
from device_agents.power_calibration.plateau import PLATEAU_S
from device_agents.simulated_devices import DEVICES
from protran.campaign.attempts import MOST_ATTEMPTS
from protran.campaign.execute import COOLING_S

TEXT = (Path(__file__).parents[1] / "docs" / "devices.md").read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())


def table(heading):
    """Returns the rows of the table whose first heading is this, cell by cell."""
    (lines,) = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, flags=re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines.splitlines()]


def test_the_shunt_is_the_same_wherever_it_is_told():
    found = re.findall(r"shunt-resistor = <(\d+)>|echo (\d+) \| sudo tee \S*shunt_resistor|Take a (\d+) mOhm", TEXT)
    assert {int(tree or file or 1000 * int(said)) for tree, file, said in found} == {20_000}
    assert len(found) == 3


def test_every_simulated_device_is_named():
    assert set(re.findall(r"`(sim:[\w-]+)`", TEXT)) == {f"sim:{name}" for name in DEVICES}


def test_the_states_are_those_of_the_controller():
    clock = ManualClock()
    seen = attendance.Attendance(clock.wall_s)
    known = Enrolled("rpi4", "one", LOOPBACK, admitted=True)
    states = {
        seen.described(dataclasses.replace(known, admitted=False, reason=reason))["state"] for reason in ("", "no")
    }
    for running in ("job", None):
        seen.saw("rpi4", {"running": running})
        states.add(seen.described(known)["state"])
    for silence_s in (attendance.SUSPECT_S + 1, attendance.LOST_S - attendance.SUSPECT_S):
        clock.sleep(silence_s)
        states.add(seen.described(known)["state"])
    assert {state.strip("`") for state, _ in table("state")} == states


def test_the_ports_are_those_that_are_pinned():
    controller, device = ControllerPorts(), device_ports()
    spans = [(controller.gate,) * 2, (controller.ray,) * 2]
    for node in (controller.node, device):
        spans += [(node.first, node.first + 3), (node.first + 4, node.last)]
    told = [tuple(map(int, re.findall(r"\d+", ports))) for _, ports, _ in table("where")[: len(spans)]]
    assert [(first, rest[-1] if rest else first) for first, *rest in told] == spans
    assert f"any port {controller.span.replace('-', ':')}\n" in TEXT
    assert f"any port {device.first}:{device.last}\n" in TEXT


def test_the_sensors_are_those_that_there_are():
    rows = {kind.strip("`"): looks for kind, *_, looks in table("meter")}
    assert set(rows) == {kind.value for kind in MeterKind}
    modules = {"rapl": rapl, "hwmon": hwmon, "rpi_pmic": rpi_pmic, "apple": apple, "battery": battery, "nvml": nvml}
    assert {kind: looks for kind, looks in rows.items() if kind in modules} == {
        kind: f"{module.RATE_HZ:g}" for kind, module in modules.items()
    }
    assert f"Order of choice: {', '.join(kind.value for kind in PREFERENCE)}." in PROSE


@pytest.mark.parametrize(
    "words",
    [
        f"nothing was heard of it for {attendance.SUSPECT_S:g} s; it says hello every {attendance.HELLO_S:g} s",
        f"nothing for {attendance.LOST_S:g} s",
        f"more than {CLOCK_TOLERANCE_S:g} s apart are refused",
        f"less than {LEAST_MEMORY_BYTES / 1e6:.0f} MB of memory",
        f"Runs that differ by more than {100 * UNSTEADY_WITHIN:g} %",
        f"stays away for {PATIENCE_S / 60:g} minutes",
        f"drifted by more than {100 * EnergyPlan().drift_tolerance:g} %",
        f"pauses {COOLING_S:g} s and measures again, {('once', 'twice', 'three times')[MOST_ATTEMPTS - 1]} at most",
        f"{EnergyPlan().idle_s:g} s idle, three to seven windows of {EnergyPlan().window_s:g} s",
        f"(idle, one core, all cores, copies in memory), {PLATEAU_S:g} s each",
    ],
)
def test_a_figure_of_the_page_is_that_of_the_code(words):
    assert words in PROSE


def test_addresses_of_overlay_networks_count_as_private():
    assert addresses.is_private("100.64.0.1")
    with pytest.raises(DeviceError, match="public"):
        addresses.check_bind("8.8.8.8", tls=False)


def test_every_refusal_has_its_row_and_every_row_its_refusal(tmp_path, monkeypatch):
    patterns = {
        text: re.compile(".*".join(re.escape(part.strip()) for part in text.strip("`").split("…")), flags=re.DOTALL)
        for text, _ in table("it says")
    }
    matched = [
        [text for text, pattern in patterns.items() if pattern.search(refusal)]
        for refusal in refusals(tmp_path, monkeypatch)
    ]
    assert [texts for texts in matched if len(texts) != 1] == []
    assert {text for (text,) in matched} == set(patterns)


def refusals(folder, monkeypatch):
    """Returns one sentence of each kind with which a device is kept out."""
    registry = Registry(folder / "devices.json")
    keeper = Gatekeeper(registry, 2, admit=lambda name, full: {}, reach=lambda *place: "", facts={})

    def knock(*arguments, **changes):
        return keeper.answer("preflight", preflight_body(*arguments, **changes))["failures"]

    found = [*differences({}, own_software()), *knock(clock_s=0.0)]
    knock()
    keeper.answer("admit", {"name": "rpi4", "identity": "one"})
    found += [*knock("rpi4", "two"), *knock("other", "one"), *knock()]
    found.append(way_back(LOOPBACK, free_port(), "word"))
    with listener(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as stranger:
        found.append(way_back(LOOPBACK, stranger.port, "word"))
        found.append(said(ask, stranger, "hello", {}))
        with ExitStack() as stack:
            found.append(said(stack.enter_context, answering(LOOPBACK, stranger.port)))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    device = Applicant("rpi4", LOOPBACK, device_ports(), identity="one")
    found += device.shortages(memory_bytes=0, disk_bytes=0)
    with opened_gate() as gate:
        found.append(said(ask, dataclasses.replace(gate, token="f" * 32), "hello", {}))
    found.append(said(ask, Endpoint(LOOPBACK, free_port(), TOKEN), "hello", {}))
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o644)
    return [*found, said(read_token, folder / "token")]


def said(function, *arguments):
    with pytest.raises(DeviceError) as caught:
        function(*arguments)
    return str(caught.value)
