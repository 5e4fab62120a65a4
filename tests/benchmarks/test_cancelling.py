"""Work that has not begun when something fails."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.cancelling import cancelled_after_errors
from protran.errors import InputError


def test_what_has_not_begun_is_taken_back_after_an_error() -> None:
    begun, end = threading.Event(), threading.Event()

    def long_work() -> None:
        begun.set()
        end.wait(60)

    pool = ThreadPoolExecutor(1)
    first, second = pool.submit(long_work), pool.submit(long_work)
    begun.wait(60)
    with pytest.raises(InputError), cancelled_after_errors(pool):
        raise InputError("its file is damaged")
    end.set()
    assert second.cancelled()
    assert not first.cancelled()
