from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protran.errors import CampaignBusyError, LedgerError
from protran.ledger.ledger import Ledger
from protran.ledger.lock import CampaignLock
from protran.ledger.records import CampaignRecord

HOLD = """
import sys, time
from pathlib import Path
from protran.ledger.lock import CampaignLock
CampaignLock(Path(sys.argv[1]), "demo").acquire()
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
                CampaignLock(path, "demo").acquire()
        finally:
            process.kill()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with CampaignLock(path, "demo"):
            pass


def test_a_lock_excludes_its_own_process_too(ledger: Ledger, campaign: CampaignRecord) -> None:
    with ledger.lock(campaign):
        with pytest.raises(CampaignBusyError, match=f"process {os.getpid()}"), ledger.lock(campaign):
            pass
        other = ledger.create_campaign("other", {}, seed=0)
        with ledger.lock(other):
            pass
    with ledger.lock(campaign):
        pass


def test_a_lock_whose_label_is_missing_is_still_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with CampaignLock(path, "demo"):
        path.write_text("[")
        with pytest.raises(CampaignBusyError, match="'demo' is running already; wait for it"):
            CampaignLock(path, "demo").acquire()


def test_a_lock_can_be_given_back_twice(tmp_path: Path) -> None:
    lock = CampaignLock(tmp_path / "lock", "demo").acquire()
    lock.release()
    lock.release()


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot lock campaign 'demo'"):
        CampaignLock(tmp_path / "absent" / "lock", "demo").acquire()


def test_the_file_of_a_lock_holds_no_name_that_a_user_gave(ledger: Ledger) -> None:
    record = ledger.create_campaign("../../up", {}, seed=0)  # names are checked above the ledger; paths are safe anyway
    with ledger.lock(record):
        files = {file.name for file in ledger.path.parent.iterdir()}
    assert f"ledger.sqlite.campaign-{record.id}.lock" in files
