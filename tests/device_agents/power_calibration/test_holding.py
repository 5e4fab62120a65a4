import pytest

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.power_calibration import holding
from device_agents.power_calibration.holding import Machine, hold, this_machine
from device_agents.power_calibration.load import LoadKind
from device_agents.power_calibration.plateau import Plateau


class FakeLoad:
    """A load that keeps 90 % of its core busy until it is killed, unless it ends by itself."""

    def __init__(self, machine, ends_at_s=None):
        self.machine, self.began_s, self.ends_at_s = machine, machine.clock.wall_s(), ends_at_s
        self.killed = False

    def poll(self):
        return 1 if self.ends_at_s is not None and self.machine.clock.wall_s() >= self.ends_at_s else None

    def kill(self):
        self.killed = True

    def wait(self):
        self.machine.used_s += 0.9 * (self.machine.clock.wall_s() - self.began_s)
        return -9


class FakeMachine:
    def __init__(self, cores=(0, 1, 2, 3), others=0.0, ends_at_s=None):
        self.clock, self.used_s, self.started, self.loads = ManualClock(), 0.0, [], []
        self.others, self.ends_at_s = others, ends_at_s
        self.machine = Machine(
            cores, self.clock, self.start, lambda: self.used_s, self.busy_s, lambda: 1e9 + self.clock.wall_s()
        )

    def start(self, kind, core, seconds):
        self.started.append((kind, core))
        self.loads.append(FakeLoad(self, self.ends_at_s))
        return self.loads[-1]

    def busy_s(self):
        return None if self.others is None else self.used_s + self.others * self.clock.wall_s()


@pytest.mark.parametrize(
    ("plateau", "expected"),
    [
        (Plateau.IDLE, []),
        (Plateau.ONE_CORE, [(LoadKind.COMPUTE, 3)]),
        (Plateau.ALL_CORES, [(LoadKind.COMPUTE, core) for core in range(4)]),
        (Plateau.MEMORY_BOUND, [(LoadKind.MEMORY, core) for core in range(4)]),
    ],
)
def test_each_plateau_has_its_loads_and_leaves_none(plateau, expected):
    fake = FakeMachine()
    found = hold(plateau, 120.0, fake.machine)
    assert fake.started == expected
    assert all(load.killed for load in fake.loads)
    assert found.duration_s == pytest.approx(120.0)
    assert found.busy_cores == pytest.approx(0.9 * len(expected))


def test_the_stamp_is_the_begin_of_the_plateau():
    fake = FakeMachine()
    fake.clock.sleep(50.0)
    assert hold(Plateau.IDLE, 10.0, fake.machine).began_utc_s == pytest.approx(1e9 + 50.0)


def test_what_others_used_is_told_apart_from_our_loads():
    assert hold(Plateau.ALL_CORES, 120.0, FakeMachine(others=0.5).machine).other_busy_cores == pytest.approx(0.5)


def test_a_machine_that_does_not_say_how_busy_it_is_leaves_others_unknown():
    assert hold(Plateau.ALL_CORES, 120.0, FakeMachine(others=None).machine).other_busy_cores is None


def test_progress_is_told_and_ends_at_the_end():
    told = []
    hold(Plateau.IDLE, 1.2, FakeMachine().machine, told.append)
    assert told == [pytest.approx(0.5), pytest.approx(1.0), pytest.approx(1.2)]


def test_a_load_that_ends_too_soon_is_an_error_and_no_other_is_left():
    fake = FakeMachine(ends_at_s=3.0)
    with pytest.raises(DeviceError, match="all-cores: expected a load that runs to the end, it ended with 1"):
        hold(Plateau.ALL_CORES, 120.0, fake.machine)
    assert all(load.killed for load in fake.loads)


def test_an_interrupt_leaves_no_load():
    fake = FakeMachine()

    def interrupt(elapsed_s):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hold(Plateau.ALL_CORES, 120.0, fake.machine, interrupt)
    assert len(fake.loads) == 4
    assert all(load.killed for load in fake.loads)


def test_a_load_that_cannot_be_started_leaves_none_of_those_before():
    fake = FakeMachine()

    def start(kind, core, seconds):
        if core == 2:
            raise OSError("no more processes")
        return fake.start(kind, core, seconds)

    machine = Machine(fake.machine.cores, fake.clock, start)
    with pytest.raises(OSError, match="no more processes"):
        hold(Plateau.ALL_CORES, 120.0, machine)
    assert [load.killed for load in fake.loads] == [True, True]


def test_the_real_loads_get_their_core_and_share_a_quarter_of_the_memory_that_is_free(monkeypatch):
    commands = []
    monkeypatch.setattr(holding.subprocess, "Popen", lambda command, **streams: commands.append(command))
    monkeypatch.setattr(holding, "available_memory_bytes", lambda: 64 * 1024**2)
    this_machine((0, 1)).start(LoadKind.MEMORY, 1, 30.0)
    monkeypatch.setattr(holding, "available_memory_bytes", lambda: None)
    this_machine((0, 1)).start(LoadKind.COMPUTE, 0, 30.0)
    assert [command[3:] for command in commands] == [
        ["memory", "1", "30", str(4 * 1024**2)],
        ["compute", "0", "30", str(64 * 1024**2)],
    ]


def test_a_machine_without_cores_is_refused():
    with pytest.raises(DeviceError, match="at least one core"):
        this_machine(())
