"""What the ledger has confirmed survives its writer, and many may write at once."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from device_agents.measurement import Measurement, ProfileRequest
from protran.ledger.ledger import Ledger

WRITE_FOR_EVER = """
import sys
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.workload import Workload
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec

place, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
spec = InputSpec(InputKind.TOKENS, length=8, classes=2)
ledger = Ledger.open(place)
campaign = ledger.campaign("demo")
print("ready", flush=True)
for size in range(first, first + count):
    candidate = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (size,)),)))
    request = ProfileRequest(candidate, spec, Workload(), "device-1")
    ledger.request_profile(campaign.id, request)
    print("asked", request.request_id, flush=True)
    answer = Measurement(request.request_id, "device-1", MeasurementStatus.FAILED, reason="only a test")
    recorded = ledger.answer_profile(campaign.id, answer)
    print("answered" if recorded else "dropped", request.request_id, flush=True)
"""


def start_writer(place: Path | str, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(place), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_writer_loses_nothing_that_it_had_confirmed(place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        campaign = ledger.create_campaign("demo", {}, seed=0)
    asked: set[str] = set()
    answered: set[str] = set()
    for kill in range(4):
        with start_writer(place, first=10 + 10_000 * kill, count=10_000) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            lines = list(itertools.islice(process.stdout, 2 + 3 * kill))  # so that some were answered
            time.sleep(0.003 * kill)  # somewhere in the middle of a transaction
            process.kill()
            for line in itertools.chain(lines, process.stdout):
                word, _, request_id = line.strip().partition(" ")
                if len(request_id) == 20:  # the last line may be cut off
                    {"asked": asked, "answered": answered}[word].add(request_id)
        with Ledger.open(place) as ledger:
            rows = ledger.rows(campaign.id)
            seen = [row.measurement.request_id for row in rows if row.measurement is not None]
            pending = {request.request_id for request in ledger.pending_profiles(campaign.id)}
            assert answered <= set(seen)
            assert asked <= set(seen) | pending
            assert not set(seen) & pending
            assert len(set(seen)) == len(seen)
            assert [row.number for row in rows] == list(range(len(rows)))
            assert ledger.check() == []
    assert answered


def test_processes_that_write_at_once_all_succeed(place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        campaign = ledger.create_campaign("demo", {}, seed=0)
        # Two write the same rows and one its own.
        writers = [start_writer(place, first, 10) for first in (10, 10, 1000)]
        outputs = [writer.communicate(timeout=120)[0].splitlines() for writer in writers]
        assert [writer.returncode for writer in writers] == [0, 0, 0]
        words = [line.split()[0] for output in outputs for line in output]
        assert words.count("answered") == 20
        assert words.count("dropped") == 10
        assert [row.number for row in ledger.rows(campaign.id)] == list(range(20))
        assert ledger.check() == []


def test_threads_that_answer_the_same_request_get_one_yes(
    place: Path | str, request_for: Callable[..., ProfileRequest], measured: Callable[..., Measurement]
) -> None:
    with Ledger.open(place) as ledger:
        campaign = ledger.create_campaign("demo", {}, seed=0)
        requests = [request_for(size) for size in range(16, 26)]
        for request in requests:
            ledger.request_profile(campaign.id, request)
        recorded: list[bool] = []

        def answer_all(latency_s: float) -> None:
            for request in requests:
                recorded.append(ledger.answer_profile(campaign.id, measured(request.request_id, latency_s)))

        threads = [threading.Thread(target=answer_all, args=(0.1 * (number + 1),)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(recorded) == [False] * 30 + [True] * 10
        assert len(ledger.rows(campaign.id)) == 10


def test_a_reader_is_not_blocked_by_a_writer(place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        ledger.create_campaign("demo", {}, seed=0)
        with ledger._database.writing() as connection:
            connection.exec_driver_sql("UPDATE campaigns SET phase = 'search'")
            assert ledger.campaign("demo").phase == "seed"
        assert ledger.campaign("demo").phase == "search"


def test_a_transaction_that_fails_leaves_nothing(place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        with pytest.raises(RuntimeError, match="in the middle"), ledger._database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO schema_versions VALUES (99, 'never')")
            raise RuntimeError("in the middle")
        with ledger._database.reading() as connection:
            assert connection.exec_driver_sql("SELECT max(version) FROM schema_versions").scalar() != 99


def test_many_processes_may_make_the_same_ledger_at_once(place: Path | str) -> None:
    code = "import sys; from protran.ledger.ledger import Ledger; Ledger.open(sys.argv[1]).close()"
    makers = [subprocess.Popen([sys.executable, "-c", code, str(place)]) for _ in range(3)]
    assert [maker.wait(timeout=120) for maker in makers] == [0] * 3
    with Ledger.open(place) as ledger:
        assert ledger.check() == []
