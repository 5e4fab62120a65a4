"""The whole program, killed with SIGKILL in every phase, on real Ray, real profiles and real trainings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter

import numpy as np
import psutil
import pytest
import yaml

from protran.campaign.charter import read_charter
from protran.campaign.phase import Phase
from protran.campaign.replay import replay
from protran.errors import ProTranError
from protran.ledger.ledger import Ledger

MARK = "PROTRAN_TEST_MARK"
EFFORT = {
    "seed_candidates": 3,
    "learn_profiles": 2,
    "learn_batch": 2,
    "target_error": 1e-6,
    "search_rounds": 1,
    "search_batch": 2,
    "verify_limit": 2,
    "verify_seeds": 2,
}
WAIT_S = 240.0
GONE_S = 30.0


def _write_task(path) -> None:
    """Three classes of sine waves in 36 recordings: small, so that a training takes a second or two."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 48)
    time_s = np.arange(32) / 32
    waves = np.sin(2 * np.pi * (labels[:, None] + 1) * time_s + generator.uniform(0, 6, (144, 1)))
    signals = (waves + 0.3 * generator.standard_normal(waves.shape))[:, None, :]
    groups = np.repeat(np.arange(36), 4)
    np.savez(path, X=signals.astype(np.float32), y=labels, groups=groups)


def _command(folder, mark: str) -> subprocess.Popen:
    ray_free = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    with (folder / "output").open("a") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "protran.cli.main", "search", str(folder / "campaign.yaml"), "--runs", str(folder)],
            env={**ray_free, MARK: mark},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _answers(folder) -> list[tuple[str, str]]:
    """Returns (phase, id) of every answer, as far as the ledger can be read yet."""
    try:
        with Ledger.open(folder / "ledger.sqlite", create=False) as ledger:
            record = ledger.campaign("killed")
            steps = ledger.steps(record.id)
            phase = steps[-1].phase if steps else "none"
            rows = ledger.rows(record.id)
            here = rows[steps[-1].seen :] if steps else []
            return [(phase, _id(row)) for row in here]
    except ProTranError:
        return []


def _texts(folder) -> dict[str, str]:
    """Returns every answer by its id, as JSON text with its time stamp."""
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        rows = ledger.rows(ledger.campaign("killed").id)
    return {_id(row): json.dumps((row.measurement or row.evaluation).to_json(), sort_keys=True) for row in rows}


def _id(row) -> str:
    return row.measurement.request_id if row.measurement is not None else row.evaluation.training_key


def _marked(mark: str) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def _wait(condition, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _run_into_and_kill(phase: Phase, folder) -> None:
    """Runs the program until a phase has its first answer, kills it, and waits until all of its processes are gone."""
    mark = uuid.uuid4().hex
    process = _command(folder, mark)

    def in_the_middle() -> bool:
        return any(where == phase.value for where, _ in _answers(folder))

    assert _wait(lambda: in_the_middle() or process.poll() is not None, WAIT_S), f"never reached {phase.value}"
    assert process.poll() is None, (folder / "output").read_text()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert _wait(lambda: not _marked(mark), GONE_S), f"still alive after {GONE_S} s: {_marked(mark)}"


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.timeout(900)
def test_a_campaign_killed_in_every_phase_continues_loses_nothing_and_leaves_no_process(tmp_path) -> None:
    _write_task(tmp_path / "waves.npz")
    config = {"name": "killed", "space": "edge-small", "task": str(tmp_path / "waves.npz"), "effort": EFFORT}
    (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(config))
    before: dict[str, str] = {}
    for phase in (Phase.SEED, Phase.LEARN, Phase.SEARCH, Phase.VERIFY):
        _run_into_and_kill(phase, tmp_path)
        before |= _texts(tmp_path)
    last = _command(tmp_path, uuid.uuid4().hex)
    assert last.wait(WAIT_S) == 0, (tmp_path / "output").read_text()
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        record = ledger.campaign("killed")
        ids = Counter(_id(row) for row in ledger.rows(record.id))
        progress = ledger.progress(record.id)
        assert record.phase == Phase.DONE.value
        assert before.items() <= _texts(tmp_path).items()  # none lost, and none measured or trained a second time
        assert set(ids.values()) == {1}
        assert progress.profiles_answered == progress.profiles_asked
        assert progress.trainings_answered == progress.trainings_asked
        assert all(step.same for step in replay(read_charter(record.config), ledger, record.id))
