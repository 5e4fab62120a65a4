from __future__ import annotations

import signal
import sys

import pytest

from protran.cli.child_program import RELAYED, run_program
from protran.errors import InputError

BUSY = "import time\nwhile time.process_time() < {seconds}: pass\n"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("code", [0, 3, 130])
def test_the_exit_code_is_the_programs_own(code: int) -> None:
    run = run_program(python(f"raise SystemExit({code})"))
    assert (run.exit_code, run.signal_name) == (code, None)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_program_that_a_signal_ends_has_the_code_that_shells_give_it(number: signal.Signals) -> None:
    run = run_program(python(f"import os; os.kill(os.getpid(), {int(number)})"))
    assert (run.exit_code, run.signal_name) == (128 + number, number.name)


def test_core_seconds_are_those_that_the_program_counts_itself(capfd: pytest.CaptureFixture[str]) -> None:
    run = run_program(python(f"{BUSY.format(seconds=0.4)}print(time.process_time())"))
    assert run.core_seconds == pytest.approx(float(capfd.readouterr().out), rel=0.5)


def test_core_seconds_hold_those_of_descendants_that_were_waited_for() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY.format(seconds=0.4)!r}], check=True)"
    assert 0.4 <= run_program(python(parent)).core_seconds < 0.8


def test_wall_seconds_are_at_least_what_the_program_slept() -> None:
    run = run_program(python("import time; time.sleep(0.2)"))
    assert run.wall_s >= 0.2
    assert run.core_seconds < run.wall_s


def test_the_peak_of_a_program_smaller_than_ours_is_an_upper_bound() -> None:
    assert run_program(["true"]).peak_rss_at_most


@pytest.mark.parametrize(
    ("program", "words"),
    [("no-such-program", "No such file or directory"), ("/", "Permission denied"), ("a\0b", "null byte")],
)
def test_a_program_that_cannot_be_started_is_bad_input(program: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        run_program([program])


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = [signal.getsignal(number) for number in RELAYED]
    run_program(["true"])
    with pytest.raises(InputError):
        run_program(["no-such-program"])
    assert [signal.getsignal(number) for number in RELAYED] == before


def test_a_signal_that_we_ignore_is_ignored_by_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run_program(python("import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert capfd.readouterr().out == "True\n"
