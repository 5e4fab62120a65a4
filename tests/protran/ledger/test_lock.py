"""What every kind of lock promises; `test_file_lock` and `test_advisory_lock` hold what only one of them can do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from protran.errors import CampaignBusyError
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord

HOLD = """
import sys, time
from protran.ledger.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
ledger.lock(ledger.campaign("demo")).acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_excludes_its_own_process_too(ledger: Ledger, campaign: CampaignRecord) -> None:
    with ledger.lock(campaign):
        with pytest.raises(CampaignBusyError, match=f"process {os.getpid()}"), ledger.lock(campaign):
            pass
        other = ledger.create_campaign("other", {}, seed=0)
        with ledger.lock(other):
            pass
    with ledger.lock(campaign):
        pass


def test_another_process_is_refused_by_name_until_the_one_that_has_it_is_killed(
    place: Path | str, ledger: Ledger, campaign: CampaignRecord
) -> None:
    command = [sys.executable, "-c", HOLD, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(
            CampaignBusyError, match=rf"'demo' is running already \(process {process.pid} on .+ since 20"
        ):
            ledger.lock(campaign).acquire()
        process.kill()
        process.wait()
    # A server notices within milliseconds that the process has gone, but not in none.
    for attempt in range(200):
        try:
            ledger.lock(campaign).acquire().release()
        except CampaignBusyError:
            time.sleep(0.02)
            assert attempt < 199
        else:
            break


def test_a_lock_can_be_given_back_twice(ledger: Ledger, campaign: CampaignRecord) -> None:
    lock = ledger.lock(campaign).acquire()
    lock.release()
    lock.release()
    with ledger.lock(campaign):
        pass
