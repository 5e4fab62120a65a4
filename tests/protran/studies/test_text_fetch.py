import os
import sys

import pytest

from protran.studies import text_fetch
from protran.studies.text_fetch import Finished, run_command
from protran.studies.texts import TextsError


@pytest.fixture
def program(tmp_path):
    def write(body):
        path = tmp_path / "client"
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(0o755)
        return str(path)

    return write


def test_a_command_leaves_its_status_and_what_it_said(program):
    path = program('echo "$1 $LC_ALL"; echo "W: slow" >&2; exit 3\n')
    assert run_command([path, "a  b;c"]) == Finished(3, "a  b;c C.UTF-8\n", "W: slow\n")


def test_a_command_reads_no_input_and_may_say_what_is_not_utf8(program):
    assert run_command([program("cat; printf 'a\\377'\n")]).output == "a\ufffd"


def test_a_program_that_is_not_there_is_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError):
        run_command([str(tmp_path / "absent")])


def test_a_program_that_may_not_be_run_is_one_sentence(tmp_path):
    (tmp_path / "client").mkdir()
    with pytest.raises(TextsError, match=r"cannot run .*client \(.*\); check who may run it"):
        run_command([str(tmp_path / "client")])


def test_a_command_without_end_is_ended(program, monkeypatch):
    monkeypatch.setattr(text_fetch, "LIMIT_S", 0.02)
    with pytest.raises(TextsError, match=r"client to end within 0\.02 s, got no end; check the network"):
        run_command([program("exec sleep 60\n")])


@pytest.mark.parametrize(
    ("complaints", "reason"),
    [
        ("W: a\nW: Failed to fetch b\nE: c \t d\n", "E: c d"),
        ("W: not sandboxed\nW: Failed to fetch b\nW: ignored\n", "W: Failed to fetch b"),
        ("WARNING: old\nERROR: No matching\n", "ERROR: No matching"),
        ("one\ntwo\n\n", "two"),
        ("", "exit status 7, without a word"),
        ("E: http://me:secret@here/a x@y", "E: http://here/a x@y"),
        ("E: " + "a" * 900, "E: " + "a" * 196 + "…"),
    ],
)
def test_the_line_that_tells_most_is_the_reason(complaints, reason):
    assert Finished(7, "", complaints).reason == reason


def test_this_python_can_be_run():
    done = run_command([sys.executable, "-S", "-c", "import os; print(os.getppid())"])
    assert done == Finished(0, f"{os.getpid()}\n", "")
