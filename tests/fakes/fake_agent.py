"""An agent that measures nothing, for the tests of dispatchers; importable in every process of the suite.

The repeat number of a request says how it behaves; what runs when goes to the journal.
"""

import os
import time
from enum import IntEnum

import journal

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec

IDENTITY = "fake-device"


class Behaviour(IntEnum):
    """What the fake does with a request whose repeat number is this; it answers any other."""

    FAIL = 1000
    RAISE = 1001
    DIE = 1002
    HANG = 1003


class FakeAgent:
    def __init__(self, name, reference_latency_s=0.001):
        self.name = name
        self.reference_latency_s = reference_latency_s

    def profile(self, request, limits, *, energy=True, keep_trace=False):
        with journal.entry("profile"):
            time.sleep(0.05)
        if request.repeat == Behaviour.RAISE:
            raise RuntimeError("the fake agent broke")
        if request.repeat == Behaviour.DIE:
            os._exit(9)
        if request.repeat == Behaviour.HANG:
            time.sleep(3600)
        failed = request.repeat == Behaviour.FAIL
        status = MeasurementStatus.FAILED if failed else MeasurementStatus.OK
        reason = "the fake candidate crashed" if failed else ""
        return Measurement(request.request_id, IDENTITY, status, reason=reason)

    def info(self):
        facts = {"reference_latency_s": self.reference_latency_s, "nice": os.nice(0)}
        return DeviceInfo(self.name, IDENTITY, "ready", facts)

    def close(self):
        pass


def broken(name):
    raise OSError("no device there")


def request(repeat=0, identity=IDENTITY):
    """Returns a profile request that the fake answers as `repeat` says."""
    candidate = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)))
    input_spec = InputSpec(InputKind.WINDOWS, length=20, classes=2, channels=1, patch=5)
    return ProfileRequest(candidate, input_spec, Workload(), identity, repeat)
