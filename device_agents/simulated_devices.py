"""The devices that can be simulated: what their makers say of them, and what is assumed beside it.

Nothing here was measured by this project: every value that follows from these numbers is `simulated`. What no data
sheet says is marked `assumed`. A change of any number here or in `roofline.py` is a change of `SIMULATION_VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from device_agents.errors import DeviceError
from search_spaces.deployment import Precision

SIMULATION_VERSION = 1
PREFIX = "sim:"
GIGA = 1e9


class Work(str, Enum):
    """Kinds of multiply-accumulates that hardware runs at different speeds."""

    DENSE = "dense"  # products with weights
    MIXING = "mixing"  # length x length products of attention
    FOURIER = "fourier"
    CONVOLUTION = "convolution"


CPU = {Work.DENSE: 0.6, Work.MIXING: 0.35, Work.FOURIER: 0.5, Work.CONVOLUTION: 0.1}
"""Share of the peak speed that each kind of work reaches on a processor's cores: assumed."""
GPU = {Work.DENSE: 0.5, Work.MIXING: 0.25, Work.FOURIER: 0.4, Work.CONVOLUTION: 0.05}
"""The same on a graphics processor: assumed."""


@dataclass(frozen=True)
class SimulatedDevice:
    """The numbers of one device.

    Attributes:
        name: what follows ``sim:``.
        title: its name for people.
        peak_macs_per_s: fp32 multiply-accumulates of one core, or of the whole graphics processor.
        cores: threads beyond this number gain nothing; 1 for a graphics processor.
        efficiency: share of the peak that each kind of work reaches.
        bandwidth_bytes_per_s: of its memory, at the peak.
        memory_bytes: all of it.
        launch_s: from one operator to the next, beyond what the operator itself takes.
        idle_power_w: while it does nothing.
        full_power_w: with every core and the memory busy.
        speed_ups: of products in other formats than fp32; 1 for those left out.
        throttles_after_s: seconds at full power after which the clock drops; None where it is cooled well enough.
        hot_clock: share of the clock that is left then.
        jitter_s: standard deviation of a trial's latency that does not shrink with the model.
    """

    name: str
    title: str
    peak_macs_per_s: float
    cores: int
    efficiency: Mapping[Work, float]
    bandwidth_bytes_per_s: float
    memory_bytes: float
    launch_s: float
    idle_power_w: float
    full_power_w: float
    speed_ups: Mapping[Precision, float] = field(default_factory=dict)
    throttles_after_s: float | None = None
    hot_clock: float = 1.0
    jitter_s: float = 0.0

    @property
    def identity(self) -> str:
        """The identity that its measurements carry: other numbers are another device."""
        return f"{PREFIX}{self.name}:{SIMULATION_VERSION}"


def _int8(speed_up: float) -> dict[Precision, float]:
    return {Precision.INT8_DYNAMIC: speed_up, Precision.INT8_STATIC: speed_up}


def _half(speed_up: float) -> dict[Precision, float]:
    return {Precision.FP16: speed_up, Precision.BF16: speed_up}


_RPI4 = SimulatedDevice(
    name="rpi4",
    title="Raspberry Pi 4 Model B, 4 GB",
    # Product brief: Cortex-A72 at 1.5 GHz, four cores; 8 fp32 operations per cycle (vfpbench of flatlib.jp).
    peak_macs_per_s=1.5 * GIGA * 4,
    cores=4,
    efficiency=CPU,
    bandwidth_bytes_per_s=12.8 * GIGA,  # product brief: LPDDR4-3200; 32 bits wide
    memory_bytes=4 * GIGA,
    launch_s=25e-6,  # assumed
    idle_power_w=2.1,  # G. Halfacree, "Thermal testing Raspberry Pi 4", 2019
    full_power_w=6.41,  # the same
    speed_ups=_int8(1.5),  # assumed: no dot-product instruction; half precision is no faster
    throttles_after_s=180.0,  # assumed: without a heat sink; from 80 °C on, says its documentation
    hot_clock=2 / 3,  # assumed: 1.0 of 1.5 GHz
    jitter_s=60e-6,  # assumed
)
_RPI5 = SimulatedDevice(
    name="rpi5",
    title="Raspberry Pi 5, 8 GB",
    # Product brief: Cortex-A76 at 2.4 GHz, four cores; two 128-bit pipes (Arm's optimization guide of the core).
    peak_macs_per_s=2.4 * GIGA * 8,
    cores=4,
    efficiency=CPU,
    bandwidth_bytes_per_s=17.1 * GIGA,  # product brief: LPDDR4X-4267; 32 bits wide
    memory_bytes=8 * GIGA,
    launch_s=10e-6,  # assumed
    idle_power_w=3.0,  # assumed
    full_power_w=9.0,  # assumed
    speed_ups={**_int8(3.0), Precision.FP16: 1.8},  # assumed; the core has dot products and fp16 arithmetic
    throttles_after_s=120.0,  # assumed: without a cooler
    hot_clock=0.625,  # assumed: 1.5 of 2.4 GHz
    jitter_s=30e-6,  # assumed
)
_JETSON_NANO = SimulatedDevice(
    name="jetson-nano",
    title="Jetson Nano, 4 GB, its graphics processor",
    peak_macs_per_s=472 * GIGA / 2 / 2,  # data sheet: 472 GFLOPS in fp16; half of it in fp32, two operations per MAC
    cores=1,
    efficiency=GPU,
    bandwidth_bytes_per_s=25.6 * GIGA,  # data sheet
    memory_bytes=4 * GIGA,  # data sheet
    launch_s=60e-6,  # assumed
    idle_power_w=2.0,  # assumed
    full_power_w=10.0,  # data sheet: its power mode of 10 W
    speed_ups={Precision.FP16: 2.0},  # data sheet; no int8 units, no bf16
    jitter_s=80e-6,  # assumed; also that the heat sink that it is sold with is enough
)
_ORIN_NANO = SimulatedDevice(
    name="orin-nano",
    title="Jetson Orin Nano, 8 GB, its graphics processor",
    peak_macs_per_s=1024 * 0.625 * GIGA,  # data sheet: 1024 CUDA cores at 625 MHz
    cores=1,
    efficiency=GPU,
    bandwidth_bytes_per_s=68 * GIGA,  # data sheet
    memory_bytes=8 * GIGA,  # data sheet
    launch_s=25e-6,  # assumed
    idle_power_w=4.0,  # assumed
    full_power_w=15.0,  # data sheet: its power mode of 15 W
    # Data sheet: 40 TOPS in sparse int8, 20 in dense, half of that in fp16; assumed: 40 % of it is reached.
    speed_ups={**_int8(0.4 * 20_000 / 2 / 640), **_half(0.4 * 10_000 / 2 / 640)},
    jitter_s=40e-6,  # assumed; also that the fan that it is sold with is enough
)
_PHONE = SimulatedDevice(
    name="phone",
    title="phone with two Cortex-X1 cores (as a Pixel 6)",
    # Maker's specification: 2.8 GHz; four 128-bit pipes (Arm's optimization guide of the core).
    peak_macs_per_s=2.8 * GIGA * 16,
    cores=2,
    efficiency=CPU,
    bandwidth_bytes_per_s=51.2 * GIGA,  # assumed: LPDDR5-6400, 64 bits wide
    memory_bytes=8 * GIGA,  # maker's specification
    launch_s=8e-6,  # assumed
    idle_power_w=0.5,  # assumed: screen off
    full_power_w=6.0,  # assumed
    speed_ups={**_int8(3.0), Precision.FP16: 1.8},  # assumed; the core has dot products and fp16 arithmetic
    throttles_after_s=60.0,  # assumed
    hot_clock=0.6,  # assumed
    jitter_s=50e-6,  # assumed
)
_A100 = SimulatedDevice(
    name="a100",
    title="NVIDIA A100 PCIe, 40 GB",
    peak_macs_per_s=19_500 * GIGA / 2,  # data sheet: 19.5 TFLOPS in fp32 (without TF32)
    cores=1,
    efficiency=GPU,
    bandwidth_bytes_per_s=1555 * GIGA,  # data sheet
    memory_bytes=40 * GIGA,  # data sheet
    launch_s=8e-6,  # assumed
    idle_power_w=45.0,  # assumed
    full_power_w=250.0,  # data sheet
    # Data sheet: 312 TFLOPS in fp16 and bf16, 624 TOPS in int8; assumed: 40 % of it is reached.
    speed_ups={**_int8(0.4 * 624 / 19.5), **_half(0.4 * 312 / 19.5)},
    jitter_s=10e-6,  # assumed
)
DEVICES = {device.name: device for device in (_RPI4, _RPI5, _JETSON_NANO, _ORIN_NANO, _PHONE, _A100)}


def is_simulated(name: str) -> bool:
    """Whether `name` asks for a simulated device, known or not."""
    return name.startswith(PREFIX)


def simulated_device(name: str) -> SimulatedDevice:
    """Returns the device of a name such as ``sim:rpi4``.

    Raises:
        DeviceError: there is none of this name; the message says which ones there are.
    """
    device = DEVICES.get(name.removeprefix(PREFIX)) if is_simulated(name) else None
    if device is None:
        known = ", ".join(PREFIX + known for known in DEVICES)
        raise DeviceError(f"a simulated device must be one of {known}; got {name!r}")
    return device
