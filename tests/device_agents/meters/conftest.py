import pytest


@pytest.fixture
def clock():
    from fake_sensors import SteppedClock

    return SteppedClock()


@pytest.fixture
def poller(clock):
    from fake_sensors import SteppedPoller

    return SteppedPoller(clock)


@pytest.fixture
def seen():
    """Returns what a meter saw while its clock slept for some seconds."""

    def see(meter, clock, duration_s):
        with meter.window("test") as window:
            clock.sleep(duration_s)
        return window.reading

    return see


@pytest.fixture
def barred(monkeypatch):
    """Bars this user, root too, from reading files of a given name."""
    from pathlib import Path

    read = Path.read_text

    def bar(name):
        def guarded(path, *args, **kwargs):
            if path.name == name:
                raise PermissionError(13, "Permission denied")
            return read(path, *args, **kwargs)

        monkeypatch.setattr(Path, "read_text", guarded)

    return bar
