"""What only a server can do to a ledger: be away, refuse, restart; and that no password is shown meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from device_agents.measurement import Measurement, ProfileRequest
from protran.errors import InputError, LedgerError
from protran.ledger import postgres_database
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord

pytestmark = pytest.mark.postgres


@pytest.fixture
def place(postgres_server: Any) -> str:
    url: str = postgres_server.new_url()
    return url


@pytest.fixture
def running(postgres_server: Any) -> Iterator[Any]:
    """The server, which runs again afterwards whatever a test did."""
    yield postgres_server
    postgres_server.stop()
    postgres_server.start()


def refused(url: str) -> str:
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url)
    return str(caught.value)


def test_a_wrong_password_is_one_sentence_that_does_not_show_it(postgres_server: Any) -> None:
    said = refused(postgres_server.url(user="locked", password="wrong guess"))
    assert "the server refuses this user and password; put the password into the file that PGPASSFILE names" in said
    assert "wrong guess" not in said
    assert "locked:***@" in said
    assert "no password supplied" not in refused(postgres_server.url(user="locked"))


def test_the_right_password_opens_what_its_user_owns(postgres_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres_server.execute("CREATE SCHEMA locked AUTHORIZATION locked")
    with Ledger.open(postgres_server.url(user="locked", password=postgres_server.password)) as ledger:
        ledger.create_campaign("demo", {}, seed=0)
        assert postgres_server.password not in f"{ledger.place} {ledger.place!r}"
    monkeypatch.setenv("PGPASSWORD", postgres_server.password)
    with Ledger.open(postgres_server.url(user="locked"), read_only=True) as ledger:
        assert [campaign.name for campaign in ledger.campaigns()] == ["demo"]


def test_an_absent_database_user_or_schema_is_one_sentence(postgres_server: Any) -> None:
    assert "there is no such database; make it with createdb" in refused(postgres_server.url(database="none"))
    assert "the server knows no such user; make it with createuser" in refused(postgres_server.url(user="none"))
    assert "the schema that its URL names is not there" in refused(postgres_server.url(schema="none"))


def test_a_user_who_may_make_no_tables_is_told_what_to_do(postgres_server: Any) -> None:
    postgres_server.execute("CREATE SCHEMA forbidden; GRANT USAGE ON SCHEMA forbidden TO locked")
    url = postgres_server.url(user="locked", password=postgres_server.password, schema="forbidden")
    assert "this user may not do that there; let the database belong to this user" in refused(url)


@pytest.mark.parametrize("host", ["/tmp/nothing-here", "127.0.0.1&port=1", "nowhere.invalid"])
def test_a_server_that_is_not_there_is_one_sentence_at_once(host: str) -> None:
    said = refused(f"postgresql+psycopg://owner@/ledgers?host={host}")
    assert "no server answers there; check that it runs, and the host and port of the URL" in said


def test_a_missing_driver_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match=r"needs psycopg, which is not installed: pip install 'protran\[postgres\]'"):
        Ledger.open("postgresql+psycopg://owner@nowhere.invalid/ledgers")


def test_a_database_of_another_encoding_is_refused_and_left_alone(postgres_server: Any) -> None:
    postgres_server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    assert "must store UTF8, got LATIN1" in refused(postgres_server.url(database="latin"))
    assert postgres_server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database="latin") == [
        (0,)
    ]


def test_somebody_elses_tables_are_refused_and_left_alone(postgres_server: Any, place: str) -> None:
    schema = place.rpartition("%3D")[2]
    postgres_server.execute(f"CREATE TABLE {schema}.requests (recipe TEXT)")
    assert "is a database, but not a ledger of ProTran; choose another file or schema" in refused(place)


def test_a_turn_that_somebody_holds_for_too_long_is_one_sentence(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres_database._SETTINGS, "lock_timeout", "50ms")
    too_long = pytest.raises(LedgerError, match="another process holds it for too long")
    with Ledger.open(place) as ledger, Ledger.open(place) as other, ledger._database.writing(), too_long:
        other.create_campaign("demo", {}, seed=0)


def test_a_server_that_restarts_between_two_writes_is_not_noticed(
    running: Any, ledger: Ledger, campaign: CampaignRecord, request_for: Callable[..., ProfileRequest]
) -> None:
    with ledger.lock(campaign):
        ledger.request_profile(campaign.id, request_for(16))
        running.stop()
        running.start()
        ledger.request_profile(campaign.id, request_for(32))
        assert ledger.pending_profiles(campaign.id) == [request_for(16), request_for(32)]


def test_a_server_that_is_away_for_a_while_is_waited_for(
    running: Any,
    ledger: Ledger,
    campaign: CampaignRecord,
    measured: Callable[..., Measurement],
    request_for: Callable[..., ProfileRequest],
) -> None:
    ledger.request_profile(campaign.id, request_for(16))
    running.stop()
    recorded: list[bool] = []
    answer = measured(request_for(16).request_id)
    writer = threading.Thread(target=lambda: recorded.append(ledger.answer_profile(campaign.id, answer)))
    writer.start()
    writer.join(0.2)
    assert recorded == []
    running.start()
    writer.join()
    assert recorded == [True]
    assert len(ledger.rows(campaign.id)) == 1


def test_a_write_that_the_server_cut_off_in_its_middle_is_kept_once(
    ledger: Ledger, campaign: CampaignRecord, postgres_server: Any
) -> None:
    calls = []

    def cut_off_at_first(connection: Any) -> None:
        ledger_row = {"phase": "learn", "id": campaign.id}
        connection.exec_driver_sql("UPDATE campaigns SET phase = %(phase)s WHERE id = %(id)s", ledger_row)
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        calls.append(pid)
        if len(calls) == 1:
            postgres_server.execute(f"SELECT pg_terminate_backend({pid}, 5000)")

    ledger._database.write(cut_off_at_first)
    assert len(set(calls)) == 2
    assert ledger.campaign("demo").phase == "learn"


def test_a_confirmed_row_is_on_the_disk_also_where_the_server_would_not_wait_for_that(
    postgres_server: Any, place: str
) -> None:
    def setting() -> str:
        with Ledger.open(place) as ledger:
            return str(ledger._database.read(lambda found: found.exec_driver_sql("SHOW synchronous_commit").scalar()))

    try:
        for given, kept in (("off", "on"), ("local", "local"), ("on", "on")):
            postgres_server.execute(f"ALTER ROLE owner SET synchronous_commit = {given}")
            assert setting() == kept
    finally:
        postgres_server.execute("ALTER ROLE owner RESET synchronous_commit")


CAMPAIGNS = """
import sys
from protran.ledger.ledger import Ledger
with Ledger.open(sys.argv[1], read_only=True) as ledger:
    print([campaign.name for campaign in ledger.campaigns()])
"""


def test_the_command_line_of_a_process_need_not_hold_the_password(
    postgres_server: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_server.execute("CREATE SCHEMA IF NOT EXISTS locked AUTHORIZATION locked")
    Ledger.open(postgres_server.url(user="locked", password=postgres_server.password)).close()
    passwords = tmp_path / "passwords"
    passwords.write_text(f"*:*:*:locked:{postgres_server.password}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    command = [sys.executable, "-c", CAMPAIGNS, postgres_server.url(user="locked")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("[")
