import pytest
from fake_sensors import FakeGpus, NVMLError, write

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError, RequestError
from device_agents.nvidia_gpus import find_accelerator


@pytest.fixture
def box(tmp_path):
    """A machine with a driver."""
    write(tmp_path / "proc/driver/nvidia/version", "NVRM")
    return tmp_path


@pytest.fixture
def library():
    return FakeGpus(ManualClock(), 70.0, 30.0)


@pytest.mark.parametrize(
    ("option", "uuid"),
    [
        ("cuda", "GPU-00000000"),
        ("cuda:0", "GPU-00000000"),
        ("cuda:1", "GPU-00000001"),
        ("cuda:GPU-00000001", "GPU-00000001"),
    ],
)
def test_a_gpu_is_found_by_its_number_or_uuid(box, library, option, uuid):
    found = find_accelerator(option, box, lambda: library)
    assert (found.uuid, found.name, found.memory_bytes, found.driver) == (uuid, "Tesla T4", 16 * 10**9, "550.54.14")
    assert library.opened == 0


@pytest.mark.parametrize("option", ["cuda:2", "cuda:GPU-0000000f"])
def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(box, library, option):
    with pytest.raises(DeviceError, match=f"cuda:0 Tesla T4, cuda:1 Tesla T4.*got {option}"):
        find_accelerator(option, box, lambda: library)
    assert library.opened == 0


@pytest.mark.parametrize("option", ["", "cpu", "cuda:", "cuda:-1", "cuda:0,1", "cuda:GPU-../x", "cuda 0", "CUDA"])
def test_another_text_is_bad_input(box, library, option):
    with pytest.raises(RequestError, match="accelerator must be cuda"):
        find_accelerator(option, box, lambda: library)


def test_without_a_driver_it_is_said_what_to_install(tmp_path):
    with pytest.raises(DeviceError, match=r"found no NVIDIA driver on this machine; install .* torch .* for CUDA"):
        find_accelerator("cuda", tmp_path)


def test_a_boards_only_gpu_needs_no_library_and_shares_the_memory(tmp_path):
    write(tmp_path / "proc/device-tree/compatible", "nvidia,p3768-0000+p3767-0005\0nvidia,tegra234\0")
    write(tmp_path / "proc/device-tree/model", "NVIDIA Jetson Orin Nano\0")
    found = find_accelerator("cuda", tmp_path)
    assert (found.uuid, found.name, found.memory_bytes) == ("", "GPU of NVIDIA Jetson Orin Nano", None)
    with pytest.raises(DeviceError, match="which has one GPU, got cuda:1"):
        find_accelerator("cuda:1", tmp_path)


def test_a_gpu_whose_memory_the_driver_does_not_tell_is_found_all_the_same(box, library):
    def unsupported(gpu):
        raise NVMLError("Not Supported")

    library.nvmlDeviceGetMemoryInfo = unsupported
    assert find_accelerator("cuda", box, lambda: library).memory_bytes is None
