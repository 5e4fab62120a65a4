import sys
from types import ModuleType, SimpleNamespace

import pytest

from device_agents.fleet import ray_program


@pytest.fixture
def fake_ray(monkeypatch):
    """A Ray whose command line notes the address that it finds, and why it has no client server."""
    services = SimpleNamespace(get_node_ip_address=lambda address=None: "192.168.1.5")
    scripts = SimpleNamespace(get_ray_client_dependency_error=lambda: None)
    found = {}

    def run():
        found["address"] = services.get_node_ip_address("8.8.8.8:53")
        found["no_client"] = scripts.get_ray_client_dependency_error()

    scripts.main = run
    modules = {"ray": {}, "ray._private": {"services": services}, "ray.scripts": {"scripts": scripts}}
    for name, content in modules.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return found


@pytest.mark.parametrize(("address", "found"), [("127.0.0.1", "127.0.0.1"), ("10.0.0.1", "192.168.1.5")])
def test_a_node_of_the_loopback_takes_the_loopback_as_its_address(fake_ray, address, found):
    with pytest.raises(SystemExit) as left:
        ray_program.main(["start", "--head", f"--node-ip-address={address}"])
    assert (fake_ray["address"], left.value.code) == (found, None)


def test_no_node_opens_a_client_server(fake_ray):
    with pytest.raises(SystemExit):
        ray_program.main(["start", "--head", "--node-ip-address=10.0.0.1"])
    assert fake_ray["no_client"]


def test_the_replaced_functions_are_still_rays():
    from ray._private import services
    from ray.scripts import scripts

    assert callable(services.get_node_ip_address) and callable(scripts.get_ray_client_dependency_error)
