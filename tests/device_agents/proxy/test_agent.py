import pytest

from device_agents.agent import MEMORY_SHARE
from device_agents.environment import device_identity
from device_agents.errors import DeviceError, RequestError
from device_agents.isolation import FailureKind, JobFailed, Limits
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.meters.spec import MeterKind, MeterSpec
from device_agents.proxy.agent import BoardAgent, ssh_agent
from device_agents.reference import ReferenceLatency
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec

WINDOWS = InputSpec(InputKind.WINDOWS, length=30, classes=3, channels=3, patch=5)
HEADS = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE)
REFERENCE = ReferenceLatency(0.02, 1e-4, 0.95, contended=False)
ABOUT = {
    "identity": "b0a4d0000000b0a4",
    "machine": {
        "processor": "ARMv7 Processor rev 4",
        "architecture": "armv7l",
        "cores": 4,
        "memory_bytes": 900_000_000,
    },
    "sensors": [{"sensor": "board", "state": "usable", "finding": "can be read", "command": None}],
    "meter": MeterSpec(MeterKind.HWMON).to_json(),
    "throttling": {"throttled": True, "reasons": ["firmware says under-voltage"], "temperature_celsius": 81.5},
    "runtimes": {"torch": None, "onnxruntime": "1.23.2"},
}


def request(identity=ABOUT["identity"], hidden=8):
    return ProfileRequest(Candidate(Architecture((Layer(hidden, HEADS, (16,)),))), WINDOWS, Workload(), identity)


class BoardRunner:
    """Answers as a board does; its memory is `free_bytes`."""

    def __init__(self, free_bytes=100_000_000, failure=None):
        self.free_bytes, self.failure, self.asked, self.limits, self.closed = free_bytes, failure, [], [], False

    def call(self, payload, limits=None):
        if self.failure is not None:
            raise self.failure
        if "memory" in payload:
            return {"available_bytes": self.free_bytes}
        self.asked.append(payload)
        self.limits.append(limits)
        asked = ProfileRequest.from_json(payload["request"])
        values = {"latency_s": Value(0.1, 1e-3, Provenance.MEASURED_COUNTER)}
        return Measurement(asked.request_id, asked.device_identity, MeasurementStatus.OK, values).to_json()

    def close(self):
        self.closed = True


def board_agent(runner, **options):
    return BoardAgent("armv7", runner, ABOUT, target="pi@board", reference=REFERENCE, **options)


def test_the_device_is_the_board_and_not_the_machine_in_between():
    info = board_agent(BoardRunner()).info()
    assert info.identity == ABOUT["identity"] != device_identity()
    assert info.facts["architecture"] == "armv7l"
    assert info.facts["sensors"] == ABOUT["sensors"]
    assert info.facts["throttling"] == ABOUT["throttling"]
    assert info.facts["runtimes"] == ABOUT["runtimes"]
    assert info.facts["proxy"] == "pi@board"
    assert info.facts["reference_latency_s"] == REFERENCE.latency_s


def test_requests_for_the_board_are_measured_with_the_boards_own_sensor():
    runner = BoardRunner()
    measurement = board_agent(runner).profile(request())
    assert measurement.values["latency_s"].value == 0.1
    assert runner.asked[0]["meter"]["kind"] == "hwmon"


def test_another_sensor_may_be_asked_for():
    runner = BoardRunner()
    board_agent(runner, meter=MeterSpec(MeterKind.NONE)).profile(request())
    assert runner.asked[0]["meter"]["kind"] == "none"


def test_requests_for_the_machine_in_between_are_not_answered():
    assert board_agent(BoardRunner()).profile(request(device_identity())).status is MeasurementStatus.FAILED


def test_a_candidate_without_a_limit_may_take_a_share_of_the_boards_free_memory():
    runner = BoardRunner()
    board_agent(runner).profile(request())
    assert runner.limits[0].memory_bytes == int(MEMORY_SHARE * 100_000_000)


def test_a_limit_that_was_asked_for_stays():
    runner = BoardRunner()
    board_agent(runner).profile(request(), Limits(time_s=7.0, memory_bytes=10**7))
    assert runner.limits == [Limits(time_s=7.0, memory_bytes=10**7)]


def test_where_the_free_memory_is_unknown_the_boards_whole_memory_counts():
    runner = BoardRunner(free_bytes=None)
    board_agent(runner).profile(request())
    assert runner.limits[0].memory_bytes == int(MEMORY_SHARE * ABOUT["machine"]["memory_bytes"])


@pytest.mark.parametrize("kind", list(FailureKind))
def test_a_board_that_does_not_answer_says_nothing_of_the_candidate(kind):
    with pytest.raises(JobFailed) as raised:
        board_agent(BoardRunner(failure=JobFailed(kind, "one sentence"))).profile(request())
    assert raised.value.kind is FailureKind.LOST


def test_closing_ends_the_connection():
    runner = BoardRunner()
    board_agent(runner).close()
    assert runner.closed


def test_a_board_is_profiled_over_ssh_with_packages_that_were_copied_there(board, python):
    agent = ssh_agent("armv7", target="pi@board", python=python)
    try:
        info = agent.info()
        agent.lean_on(REFERENCE)
        measurement = agent.profile(request(info.identity), energy=False)
    finally:
        agent.close()
    assert info.facts["proxy"] == "pi@board"
    assert list((board.home / ".cache/protran").glob("runner-*.zip"))
    assert measurement.status is MeasurementStatus.OK
    assert measurement.values["latency_s"].value > 0


def test_a_board_that_cannot_be_reached_has_no_agent(board):
    board.set("refusal", "Host key verification failed.\n")
    with pytest.raises(DeviceError, match="connect once by hand"):
        ssh_agent("armv7", target="pi@board")


def test_a_target_that_could_be_an_option_is_refused():
    with pytest.raises(RequestError):
        ssh_agent("armv7", target="-oProxyCommand=reboot")
