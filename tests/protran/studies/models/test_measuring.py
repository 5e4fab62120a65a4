"""What times the forms."""

from device_agents.meters.spec import MeterSpec
from device_agents.workload import Workload
from protran.studies.models.measuring import measuring
from protran.studies.models.plan import spec_of
from search_spaces.candidate import Candidate

SPEC = spec_of(100, 8, 3, multi_label=True)


def test_this_machine_is_asked_without_its_power_sensor(monkeypatch, architecture):
    made = []

    class Agent:
        identity = "here"

        def __init__(self, name, **options):
            made.append((name, options))

        def profile(self, request, limits):
            made.append((request.device_identity, request.workload.batch_size))
            return "found"

        def close(self):
            made.append("closed")

    monkeypatch.setattr("protran.studies.models.measuring.Agent", Agent)
    with measuring("local") as measure:
        assert measure(Candidate(architecture), SPEC, Workload(batch_size=2)) == "found"
    assert made == [("local", {}), ("here", 2), "closed"]
    assert MeterSpec().kind.value == "none"  # what an agent without a meter has


def test_another_device_is_asked_as_always(architecture):
    with measuring("sim:rpi4") as measure:
        found = measure(Candidate(architecture), SPEC, Workload())
    assert found.values["latency_s"].provenance.value == "simulated"
