from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from device_agents.measurement import Measurement, ProfileRequest
from protran.errors import LedgerError
from protran.ledger import sqlite_database
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord

NOBODY = 65534


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="protran-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


# File modes bind everybody but root, so root becomes somebody else: after the imports, which may lie in root's home.
AS_ORDINARY_USER = f"""
import os, sys, tempfile
from pathlib import Path
from protran.errors import LedgerError
from protran.ledger.ledger import Ledger
with tempfile.TemporaryDirectory() as folder:
    Ledger.open(Path(folder, "l.sqlite")).close()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
try:
    work(sys.argv[1])
except LedgerError as error:
    sys.exit(str(error))
"""

CREATE_CAMPAIGN = """
def work(path):
    with Ledger.open(path) as ledger:
        ledger.create_campaign("demo", {}, seed=0)
"""

PRINT_CAMPAIGNS = """
def work(path):
    with Ledger.open(path, read_only=True) as ledger:
        print([campaign.name for campaign in ledger.campaigns()])
"""


def as_ordinary_user(work: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", work + AS_ORDINARY_USER, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_folder_that_cannot_be_written_is_one_sentence(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    result = as_ordinary_user(CREATE_CAMPAIGN, open_folder / "new.sqlite")
    assert result.returncode == 1
    assert "the file cannot be opened; check that its folder exists and can be written" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_cannot_be_made_is_one_sentence(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    result = as_ordinary_user(CREATE_CAMPAIGN, open_folder / "sub" / "new.sqlite")
    assert "cannot make the folder" in result.stderr
    assert "Permission denied" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_cannot_be_written_is_one_sentence(open_folder: Path) -> None:
    path = open_folder / "l.sqlite"
    Ledger.open(path).close()
    path.chmod(0o444)
    open_folder.chmod(0o777)  # the folder can be written, the file cannot
    result = as_ordinary_user(CREATE_CAMPAIGN, path)
    assert result.returncode == 1
    assert "cannot be written; make both writable or choose another folder" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_read_only_folder_can_still_be_read(open_folder: Path) -> None:
    path = open_folder / "l.sqlite"
    with Ledger.open(path) as ledger:
        ledger.create_campaign("demo", {}, seed=0)
    path.chmod(0o444)
    open_folder.chmod(0o555)
    result = as_ordinary_user(PRINT_CAMPAIGNS, path)
    assert (result.stdout, result.stderr) == ("['demo']\n", "")


def test_rows_in_the_log_of_a_read_only_folder_are_not_hidden(open_folder: Path) -> None:
    path = open_folder / "l.sqlite"
    with Ledger.open(path) as ledger:
        ledger.create_campaign("demo", {}, seed=0)
        for file in open_folder.iterdir():  # what a power cut would leave: the log is not yet in the file
            shutil.copy(file, file.with_name(f"left-{file.name}"))
    (open_folder / "left-l.sqlite-shm").unlink()
    for file in open_folder.iterdir():
        file.chmod(0o444)
    open_folder.chmod(0o555)
    result = as_ordinary_user(PRINT_CAMPAIGNS, open_folder / "left-l.sqlite")
    assert result.returncode == 1
    assert "its log left-l.sqlite-wal is not empty; copy both" in result.stderr


def test_a_full_disk_loses_nothing_that_was_confirmed(
    tmp_path: Path, request_for: Callable[..., ProfileRequest], measured: Callable[..., Measurement]
) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path) as ledger:
        campaign = ledger.create_campaign("demo", {}, seed=0)
        request = request_for(16)
        ledger.request_profile(campaign.id, request)
        ledger.answer_profile(campaign.id, measured(request.request_id))
        rows = ledger.rows(campaign.id)
        _limit_pages(ledger)
        with pytest.raises(LedgerError, match="the disk is full; free some space and start the same command again"):
            for size in range(17, 4000):
                ledger.request_profile(campaign.id, request_for(size))
        pending = ledger.pending_profiles(campaign.id)
        assert ledger.rows(campaign.id) == rows
    with Ledger.open(path) as ledger:  # with space again, it goes on from there
        assert ledger.check() == []
        assert ledger.pending_profiles(campaign.id) == pending
        assert ledger.answer_profile(campaign.id, measured(pending[-1].request_id))


def _limit_pages(ledger: Ledger) -> None:
    """Lets the file grow by no more than a few pages, as if the disk ended there."""
    with closing(ledger._database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages + 4}")


WRITE_UNTIL_THE_DISK_REFUSES = """
import resource, signal, sys
from protran.errors import LedgerError
from protran.ledger.ledger import Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Ledger.open(sys.argv[1]) as ledger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    try:
        for number in range(10_000):
            ledger.create_campaign(f"c{number}", {"text": "x" * 1000}, seed=0)
            print(number, flush=True)
    except LedgerError as error:
        sys.exit(str(error))
"""


def test_a_disk_that_refuses_to_write_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    command = [sys.executable, "-c", WRITE_UNTIL_THE_DISK_REFUSES, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(f"ledger {path}: the disk")
    assert "Traceback" not in result.stderr
    confirmed = int(result.stdout.splitlines()[-1]) + 1
    with Ledger.open(path) as ledger:
        assert ledger.check() == []
        assert len(ledger.campaigns()) == confirmed


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be looked at" * 100, b"SQLite format 3\x00"]
)
def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "l.sqlite"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="the file is not a ledger, or it is damaged"):
        Ledger.open(path)
    assert path.read_bytes() == content


def test_a_damaged_file_is_one_sentence(tmp_path: Path, request_for: Callable[..., ProfileRequest]) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path) as ledger:
        campaign = ledger.create_campaign("demo", {}, seed=0)
        for size in range(16, 80):
            ledger.request_profile(campaign.id, request_for(size))
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = bytes(len(content) - 4096 * 2)  # all but the schema is gone
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="the file is damaged; restore a copy"), Ledger.open(path) as ledger:
        ledger.campaigns()


def test_text_that_is_no_json_any_more_is_one_sentence(ledger: Ledger, campaign: CampaignRecord) -> None:
    with closing(sqlite3.connect(ledger.place.identity)) as connection, connection:
        connection.execute("UPDATE campaigns SET config = '{'")
    with pytest.raises(LedgerError, match="configuration in the ledger is damaged"):
        ledger.campaign("demo")


def test_a_ledger_that_somebody_holds_for_too_long_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l.sqlite"
    Ledger.open(path).close()
    monkeypatch.setattr(sqlite_database, "BUSY_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with Ledger.open(path) as ledger, pytest.raises(LedgerError, match="another process holds it for too long"):
            ledger.create_campaign("demo", {}, seed=0)
        holder.execute("ROLLBACK")


def test_a_folder_in_the_place_of_the_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="the file cannot be opened"):
        Ledger.open(tmp_path)
