from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from protran.ledger.patience import RECONNECT_S, Patience


def refused() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg.OperationalError("connection refused"))


def lost() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg.errors.AdminShutdown("terminated"), connection_invalidated=True)


def deadlock() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg.errors.DeadlockDetected("deadlock"))


class Day:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def patience(day: Day) -> Patience:
    return Patience(lambda: day.now_s, day.sleep)


def failing(times: int, error: Callable[[], Exception]) -> Callable[[], str]:
    """Returns work that fails so many times, and then is done."""
    left = [times]

    def run() -> str:
        if left[0]:
            left[0] -= 1
            raise error()
        return "done"

    return run


def test_a_server_that_never_answered_is_not_waited_for(patience: Patience, day: Day) -> None:
    with pytest.raises(OperationalError):
        patience.persist(failing(1, refused))
    assert day.slept == []


@pytest.mark.parametrize("error", [refused, lost])
def test_one_that_answered_before_is_waited_for(patience: Patience, day: Day, error: Callable[[], Exception]) -> None:
    assert patience.persist(failing(0, error)) == "done"
    assert patience.persist(failing(5, error)) == "done"
    assert day.slept == [0.05, 0.1, 0.2, 0.4, 0.8]


def test_the_patience_ends(patience: Patience, day: Day) -> None:
    patience.persist(failing(0, lost))
    with pytest.raises(OperationalError):
        patience.persist(failing(10_000, lost))
    assert RECONNECT_S - 2 <= sum(day.slept) <= RECONNECT_S
    assert max(day.slept) == 2.0


def test_each_absence_is_waited_for_anew(patience: Patience, day: Day) -> None:
    patience.persist(failing(0, lost))
    for _ in range(5):
        assert patience.persist(failing(9, lost)) == "done"


def test_a_transaction_that_gave_way_to_another_is_repeated_even_the_first_time(patience: Patience) -> None:
    assert patience.persist(failing(2, deadlock)) == "done"


def test_any_other_error_passes_on_at_once(patience: Patience, day: Day) -> None:
    patience.persist(failing(0, lost))
    unique = IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation("twice"))
    for error in (unique, ValueError("ours"), OperationalError("x", {}, psycopg.errors.DiskFull("full"))):
        with pytest.raises(type(error)):
            patience.persist(failing(1, lambda error=error: error))
    assert day.slept == []
