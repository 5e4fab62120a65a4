from __future__ import annotations

from typing import Any

import pytest

from protran.errors import CampaignBusyError
from protran.ledger.advisory_lock import AdvisoryLock
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord

pytestmark = pytest.mark.postgres


@pytest.fixture
def place(postgres_server: Any) -> str:
    url: str = postgres_server.new_url()
    return url


def cut(lock: AdvisoryLock) -> None:
    """Ends a lock's connection, as a network does that forgets it."""
    lock._connection.close()


def process_of(lock: AdvisoryLock) -> int:
    pid: int = lock._connection.info.backend_pid
    return pid


def taken(ledger: Ledger, campaign: CampaignRecord) -> AdvisoryLock:
    lock = ledger.lock(campaign).acquire()
    assert isinstance(lock, AdvisoryLock)
    return lock


def test_a_lock_whose_connection_was_lost_is_taken_anew_before_the_next_write(
    place: str, ledger: Ledger, campaign: CampaignRecord
) -> None:
    lock = taken(ledger, campaign)
    cut(lock)
    ledger.set_phase(campaign.id, "learn")
    with Ledger.open(place) as other, pytest.raises(CampaignBusyError):
        other.lock(campaign).acquire()


def test_a_lock_that_somebody_else_took_meanwhile_stops_the_writer(
    place: str, ledger: Ledger, campaign: CampaignRecord
) -> None:
    cut(taken(ledger, campaign))
    busy = pytest.raises(CampaignBusyError, match="'demo' is running already")
    with Ledger.open(place) as other, other.lock(campaign), busy:
        ledger.set_phase(campaign.id, "learn")
    assert ledger.campaign("demo").phase == "seed"


def test_a_connection_that_only_the_server_still_believes_in_is_ended_for_its_successor(
    ledger: Ledger, campaign: CampaignRecord, postgres_server: Any
) -> None:
    lock = taken(ledger, campaign)
    ghost, before = lock._connection, process_of(lock)
    lock._take()  # what `confirm` does when the connection is gone for this side alone
    assert process_of(lock) != before
    assert postgres_server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {before}") == [(0,)]
    ghost.close()


def test_a_closed_ledger_holds_no_lock(place: str, ledger: Ledger, campaign: CampaignRecord) -> None:
    with Ledger.open(place) as other:
        other.lock(campaign).acquire()
    with ledger.lock(campaign):
        pass


def test_ledgers_in_two_schemas_of_one_database_do_not_share_their_locks(
    ledger: Ledger, campaign: CampaignRecord, postgres_server: Any
) -> None:
    with Ledger.open(postgres_server.new_url()) as other:
        same_number = other.create_campaign("demo", {}, seed=0)
        assert same_number.id == campaign.id
        with ledger.lock(campaign), other.lock(same_number):
            pass
