"""A controller and a device on two hosts, and a cable between them that can be cut: real Ray, token and profiles.

The hosts are network namespaces with processes, names and identities of their own. Times are printed, never judged.
"""

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import network_hosts
import numpy as np
import pytest
import yaml

from device_agents.fleet.ray_folder import purpose_lock
from protran.errors import ProTranError
from protran.ledger.ledger import Ledger

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

PROTRAN = (sys.executable, "-m", "protran.cli.main")
DRIVER = Path(network_hosts.__file__).with_name("profile_driver.py")
WAIT_S = 180.0
EFFORT = {
    "seed_candidates": 4,
    "learn_profiles": 0,
    "search_rounds": 0,
    "verify_limit": 1,
    "verify_seeds": 1,
}


class Lab:
    """Controller `ptc`, device `ptd`, and what both are asked in these tests."""

    def __init__(self, folder):
        self.folder = folder
        self.controller = network_hosts.Host("ptc", 1, folder)
        self.device = network_hosts.Host("ptd", 2, folder)
        self.cable = network_hosts.Cable(self.controller, self.device)
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "PROTRAN_"))}
        self.env = {**plain, "PROTRAN_FLEET": str(folder / "fleet")}
        self.token = folder / "fleet" / "token"
        self.first_repeat = 0

    def ask(self, *arguments, timeout=WAIT_S):
        return self.controller.run([*PROTRAN, *arguments], env=self.env, timeout=timeout)

    def start_controller(self):
        started = self.ask("fleet", "start", "--bind", self.controller.address, "--json")
        assert started.returncode == 0, started.stderr
        return json.loads(started.stdout)

    def join_for_ever(self):
        """As a service would: whatever ends is started again."""
        join = " ".join([*PROTRAN, "device", "join", self.controller.address, "--name", "board", "--token-file"])
        service = self.folder / "service.sh"
        service.write_text(f"while true; do {join} {self.token}; sleep 1; done")
        self.device.start(["bash", service], "join.log", env=self.env)

    def await_state(self, *states):
        deadline_s = time.monotonic() + WAIT_S
        while time.monotonic() < deadline_s:
            listed = self.ask("device", "list", "--json")
            found = json.loads(listed.stdout)["devices"] if listed.returncode == 0 else []
            board = next((device for device in found if device["name"] == "board"), None)
            if board is not None and board["state"] in states:
                return board
            time.sleep(0.5)
        raise AssertionError(f"the board is not {' or '.join(states)}; it said: {self.said()}")

    def said(self):
        log = self.folder / "join.log"
        return log.read_text()[-2000:] if log.exists() else "nothing"

    def drive(self, count):
        """Starts a program that asks the board for profiles; see `profile_driver`."""
        log = f"driver-{self.first_repeat}.log"
        command = [sys.executable, DRIVER, "board", count, self.first_repeat]
        self.first_repeat += count
        return Drive(self.controller.start(command, log, env=self.env), self.folder / log, count)

    def close(self):
        self.ask("fleet", "stop", timeout=60)
        self.device.close()
        self.controller.close()


class Drive:
    def __init__(self, process, log, count):
        self.process, self.log, self.count = process, log, count

    def answers(self):
        """Returns what was answered by now; the program prints nothing but JSON."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]
        return [line for line in lines if "job" in line]

    def await_answers(self, count):
        deadline_s = time.monotonic() + WAIT_S
        while len(self.answers()) < count:
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline_s, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def ends_well(self):
        """Returns all answers; every profile has exactly one measurement."""
        assert self.process.wait(WAIT_S) == 0, self.log.read_text()[-2000:]
        answers = self.answers()
        measured = Counter(answer["job"] for answer in answers if answer["status"] == "ok")
        assert len(measured) == self.count, answers
        assert set(measured.values()) == {1}
        return answers


@pytest.fixture(scope="module")
def bare_lab(tmp_path_factory):
    """Both hosts, and a controller without devices."""
    reason = network_hosts.missing()
    if reason:
        pytest.skip(reason)
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start_controller()
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="module")
def lab(bare_lab):
    """The device has joined and passed its self-test."""
    began_s = time.monotonic()
    bare_lab.join_for_ever()
    board = bare_lab.await_state("ready")
    print(f"join and self-test: {time.monotonic() - began_s:.1f} s")
    assert board["address"] == bare_lab.device.address
    assert len(board["self_test"]["reference_latency_s"]) == 3
    return bare_lab


def refused(lab, *options, token=None, before="true", env=None):
    """Tries to join from the device's host as another device; returns what is said."""
    join = [*PROTRAN, "device", "join", lab.controller.address, "--port", "6520", "--once", *options]
    join += ["--token-file", str(token)] if token else []
    began_s = time.monotonic()
    script = f'{before} && exec "$@"'
    command = ["unshare", "--mount", "bash", "-c", script, "--", *join]
    done = lab.device.run(command, env={**lab.env, **(env or {})}, timeout=WAIT_S)
    print(f"refused after {time.monotonic() - began_s:.1f} s: {done.stderr.strip()}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    states = {item["name"]: item["state"] for item in json.loads(lab.ask("device", "list", "--json").stdout)["devices"]}
    assert states.get("other") in (None, "refused")
    return done.stderr.strip().splitlines()


def test_a_device_without_a_token_is_refused(bare_lab):
    (line,) = refused(bare_lab, "--name", "other")
    assert "expected --token-file with the fleet's token" in line


def test_a_device_with_a_wrong_token_is_refused(bare_lab, tmp_path):
    wrong = tmp_path / "token"
    wrong.write_text("0" * 64)
    wrong.chmod(0o600)
    (line,) = refused(bare_lab, "--name", "other", token=wrong)
    assert "the token is not that of the fleet" in line


def test_a_device_with_another_minor_python_is_refused(bare_lab, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import platform\nplatform.python_version = lambda: '3.9.1'\n")
    path = os.pathsep.join([str(tmp_path), bare_lab.env.get("PYTHONPATH", "")])
    (line,) = refused(bare_lab, "--name", "other", token=bare_lab.token, env={"PYTHONPATH": path})
    assert "the controller's, got 3.9" in line


def test_a_device_whose_address_the_controller_cannot_reach_is_refused(bare_lab):
    (line,) = refused(bare_lab, "--name", "other", "--address", "10.77.0.99", token=bare_lab.token)
    assert "the controller cannot reach 10.77.0.99:6520" in line


def test_a_second_device_of_one_name_is_refused(lab, tmp_path):
    (tmp_path / "machine-id").write_text("f" * 32)
    (tmp_path / "lock").touch()  # on another machine the lock is another one too
    mounts = {tmp_path / "machine-id": "/etc/machine-id", tmp_path / "lock": purpose_lock("device board")}
    before = " && ".join(f"mount --bind {own} {shared}" for own, shared in mounts.items())
    (line,) = refused(lab, "--name", "board", token=lab.token, before=before)
    assert "another device is called 'board'" in line
    assert lab.await_state("ready")["address"] == lab.device.address


def test_one_device_under_two_names_is_refused(lab):
    (line,) = refused(lab, "--name", "other", token=lab.token)
    assert "already enrolled as 'board'" in line


def test_a_model_is_profiled_on_the_device(lab):
    done = lab.ask("profile", "bert-tiny", "--device", "board", "--json")
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    assert profile["device"] == "board"
    assert profile["values"]["latency_s"]["value"] > 0
    assert profile["values"]["latency_s"]["provenance"] == "measured-counter"
    assert profile["values"]["energy_j"]["provenance"] == "unavailable"


def test_a_cut_of_ten_seconds_loses_nothing(lab):
    drive = lab.drive(5)
    drive.await_answers(1)
    with lab.cable.cut():
        time.sleep(10.0)
    mended_s = time.monotonic()
    drive.await_answers(2)
    print(f"the next answer came {time.monotonic() - mended_s:.1f} s after the link was back")
    assert not any(answer["lost"] for answer in drive.ends_well())


def test_an_agent_that_is_killed_costs_no_profile(lab):
    drive = lab.drive(3)
    drive.await_answers(1)
    time.sleep(1.0)
    assert lab.device.kill("ray::FleetDeviceWorker") == 1
    killed_s = time.monotonic()
    drive.await_answers(2)
    print(f"the loss of the agent was noticed and judged {time.monotonic() - killed_s:.1f} s after the kill")
    lost = [answer for answer in drive.ends_well() if answer["lost"]]
    assert ["lost its worker" in answer["failure"] for answer in lost] == [True]


def test_a_device_that_is_killed_comes_back_under_its_identity_and_goes_on(lab):
    before = lab.await_state("ready", "busy")
    drive = lab.drive(3)
    drive.await_answers(1)
    time.sleep(1.0)
    for pattern in ("protran.cli.main device join", "ray", "device_agents"):
        lab.device.kill(pattern)
    killed_s = time.monotonic()
    drive.ends_well()
    print(f"all profiles were there {time.monotonic() - killed_s:.1f} s after the device was killed")
    assert lab.await_state("ready")["identity"] == before["identity"]


def test_a_campaign_survives_the_end_of_its_controller_and_counts_each_profile_once(lab):
    runs = lab.folder / "runs"
    _write_campaign(lab.folder)
    search = [*PROTRAN, "search", lab.folder / "campaign.yaml", "--runs", runs]
    lab.controller.start(search, "search.log", env=lab.env)
    ledger = runs / "ledger.sqlite"
    deadline_s = time.monotonic() + WAIT_S
    while len(_measured(ledger)) < 2:
        assert time.monotonic() < deadline_s, (lab.folder / "search.log").read_text()[-2000:]
        time.sleep(0.1)
    for pattern in ("protran.cli.main", "ray", "device_agents"):
        lab.controller.kill(pattern)
    before = _measured(ledger)
    began_s = time.monotonic()
    lab.start_controller()
    print(f"controller back after {time.monotonic() - began_s:.1f} s")
    done = lab.controller.run([*search, "--json"], env=lab.env, timeout=WAIT_S)
    print(f"campaign complete {time.monotonic() - began_s:.1f} s after the restart")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["candidates"]
    after = _measured(ledger)
    assert set(before) < set(after)
    assert {request: after[request] for request in before} == before


@pytest.mark.slow
def test_a_cut_of_two_minutes_costs_no_profile(lab):
    drive = lab.drive(4)
    drive.await_answers(1)
    with lab.cable.cut():
        lab.await_state("lost")
        time.sleep(max(0.0, 120.0 - 30.0))
    mended_s = time.monotonic()
    drive.await_answers(2)
    print(f"the next answer came {time.monotonic() - mended_s:.1f} s after the link was back")
    drive.ends_well()
    lab.await_state("ready")


def _write_campaign(folder):
    """Three classes of sine waves in 36 recordings: small, so that a training takes a second or two."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 48)
    waves = np.sin(2 * np.pi * (labels[:, None] + 1) * np.arange(32) / 32 + generator.uniform(0, 6, (144, 1)))
    signals = (waves + 0.3 * generator.standard_normal(waves.shape))[:, None, :]
    np.savez(folder / "waves.npz", X=signals.astype(np.float32), y=labels, groups=np.repeat(np.arange(36), 4))
    campaign = {
        "name": "network",
        "space": "edge-small",
        "task": str(folder / "waves.npz"),
        "devices": ["board"],
        "effort": EFFORT,
    }
    (folder / "campaign.yaml").write_text(yaml.safe_dump(campaign))


def _measured(path):
    """Returns when each answered profile was begun, by its request, as far as the ledger can be read yet."""
    try:
        with Ledger.open(path, create=False) as ledger:
            rows = ledger.rows(ledger.campaign("network").id)
    except ProTranError:
        return {}
    found = [row.measurement for row in rows if row.measurement is not None]
    assert len(found) == len({measurement.request_id for measurement in found})
    return {measurement.request_id: measurement.started_at for measurement in found}
