import importlib
import json

import pytest

from device_agents.fleet.device_actor import _FACTORIES, device_actor, device_resource
from device_agents.fleet.device_worker import FleetDeviceWorker
from device_agents.fleet.gatekeeper import AGENT_KINDS
from device_agents.fleet.registry import Enrolled


class FakeRay:
    """Remembers how an actor was made."""

    def remote(self, made):
        if isinstance(made, type):
            self.kind = made
            return self
        raise AssertionError("remote of something else")

    def options(self, **options):
        self.chosen = options
        return FakeClass(self)


class FakeClass:
    def __init__(self, ray):
        self.ray = ray

    def remote(self, *arguments):
        self.ray.arguments = arguments
        return "handle"


def enrolled(**changes):
    return Enrolled("rpi4", "one", "x", agent={"kind": "local", "options": {"runner_python": "/p"}}, **changes)


def test_all_campaigns_share_the_one_actor_of_a_device_and_it_outlives_them():
    ray = FakeRay()
    assert device_actor(ray, enrolled()) == "handle"
    chosen = {name: ray.chosen[name] for name in ("name", "lifetime", "get_if_exists", "max_restarts")}
    assert chosen == {"name": "agent:rpi4", "lifetime": "detached", "get_if_exists": True, "max_restarts": 0}
    assert ray.kind is FleetDeviceWorker


def test_the_actor_runs_on_the_device_and_nowhere_else():
    ray = FakeRay()
    device_actor(ray, enrolled())
    assert (ray.chosen["resources"], ray.chosen["num_cpus"]) == ({device_resource("rpi4"): 1}, 0)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [(None, {"runner_python": "/p"}), ({"latency_s": 0.01}, {"runner_python": "/p", "reference": {"latency_s": 0.01}})],
)
def test_its_agent_leans_on_the_reference_of_the_enrolment(reference, expected):
    ray = FakeRay()
    device_actor(ray, enrolled(reference=reference))
    factory, name, options = ray.arguments
    assert (factory, name, json.loads(options)) == (_FACTORIES["local"], "rpi4", expected)


def test_every_kind_of_agent_that_is_let_in_can_be_made():
    assert set(_FACTORIES) == set(AGENT_KINDS)
    for factory in _FACTORIES.values():
        module, _, function = factory.partition(":")
        assert callable(getattr(importlib.import_module(module), function))
