from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protran.errors import CampaignBusyError, LedgerError
from protran.ledger.file_lock import FileLock
from protran.ledger.ledger import Ledger

HOLD = """
import sys, time
from pathlib import Path
from protran.ledger.file_lock import FileLock
FileLock(Path(sys.argv[1]), "demo").acquire()
print("held", flush=True)
time.sleep(60)
"""


def hold(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_process_is_told_who_runs_the_campaign(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold(path) as process:
        try:
            with pytest.raises(CampaignBusyError, match=rf"'demo' is running already \(process {process.pid} on"):
                FileLock(path, "demo").acquire()
        finally:
            process.kill()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with FileLock(path, "demo"):
            pass


def test_a_lock_whose_label_is_missing_is_still_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path, "demo"):
        path.write_text("[")
        with pytest.raises(CampaignBusyError, match="'demo' is running already; wait for it"):
            FileLock(path, "demo").acquire()


def test_a_lock_can_be_given_back_twice(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock", "demo").acquire()
    lock.release()
    lock.release()


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot lock campaign 'demo'"):
        FileLock(tmp_path / "absent" / "lock", "demo").acquire()


def test_the_file_of_a_lock_holds_no_name_that_a_user_gave(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.sqlite")
    record = ledger.create_campaign("../../up", {}, seed=0)  # names are checked above the ledger; paths are safe anyway
    with ledger.lock(record):
        files = {file.name for file in tmp_path.iterdir()}
    ledger.close()
    assert f"ledger.sqlite.campaign-{record.id}.lock" in files
