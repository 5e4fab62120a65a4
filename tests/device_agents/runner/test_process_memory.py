import mmap
import sys

import pytest

from device_agents.runner.process_memory import peak_resident_bytes, reset_peak, resident_bytes

_BLOCK = 32_000_000

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_sizes_are_read_in_bytes(tmp_path):
    (tmp_path / "status").write_text("Name:\tpython\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\n")
    assert resident_bytes(tmp_path) == 1000 * 1024
    assert peak_resident_bytes(tmp_path) == 2000 * 1024


def test_a_system_that_does_not_say_has_no_size(tmp_path):
    assert resident_bytes(tmp_path) is None
    assert peak_resident_bytes(tmp_path) is None
    reset_peak(tmp_path / "absent")


@linux_only
def test_the_peak_sees_memory_that_was_given_back():
    reset_peak()
    before = resident_bytes()
    # Pages fresh from the kernel: an array might be given memory that the allocator already holds, and raise nothing.
    with mmap.mmap(-1, _BLOCK) as block:
        for page in range(0, _BLOCK, mmap.PAGESIZE):
            block[page] = 1
    assert peak_resident_bytes() - before > 24_000_000
