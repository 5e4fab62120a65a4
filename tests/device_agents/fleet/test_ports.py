import socket

import pytest
from fleet_parts import LOOPBACK, free_port

from device_agents.errors import DeviceError
from device_agents.fleet.ports import ControllerPorts, NodePorts, check_free, device_ports


def test_a_controllers_and_a_devices_usual_ports_do_not_meet():
    controller, device = ControllerPorts(), device_ports()
    assert controller.node.last < device.first
    assert (controller.span, (device.first, device.last)) == ("6377-6412", (6420, 6433))


def test_no_port_of_a_controller_has_two_uses():
    ports = ControllerPorts(7000)
    assert (
        len({ports.gate, ports.ray, *range(ports.node.first, ports.node.last + 1)}) == ports.node.last - ports.gate + 1
    )


def test_ray_is_told_every_port():
    arguments = NodePorts(7000, 10).arguments()
    assert arguments == [
        "--node-manager-port=7000",
        "--object-manager-port=7001",
        "--runtime-env-agent-port=7002",
        "--metrics-export-port=7003",
        "--min-worker-port=7004",
        "--max-worker-port=7013",
    ]


@pytest.mark.parametrize("make", [ControllerPorts, device_ports])
@pytest.mark.parametrize("first", [-1, 0, 80, 1023, 65530, 65536])
def test_ports_outside_the_usable_range_are_refused(make, first):
    with pytest.raises(DeviceError, match="between 1024 and 65535"):
        make(first)


@pytest.mark.parametrize(("make", "first"), [(ControllerPorts, 65500), (device_ports, 65522), (device_ports, 1024)])
def test_ports_may_reach_the_ends_of_the_usable_range(make, first):
    assert make(first)


def test_a_port_that_somebody_holds_is_refused_by_its_number():
    with socket.create_server((LOOPBACK, 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(DeviceError, match=rf"cannot listen on 127\.0\.0\.1:{port} \(Address already in use\)"):
            check_free(LOOPBACK, (port,))


def test_free_ports_are_free_afterwards_too():
    port = free_port()
    check_free(LOOPBACK, (port,))
    check_free(LOOPBACK, (port,))


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(DeviceError, match="--bind"):
        check_free("198.51.100.1", (free_port(),))
