"""The roofline against sums by hand, on devices of which all but one resource is free."""

import dataclasses

import pytest

from device_agents.measurement import ProfileRequest
from device_agents.roofline import KINDS, OPTIMIZER_PASSES, TRAINING_FACTOR, byte_j, call_cost, mac_j
from device_agents.simulated_devices import DEVICES, GPU, SimulatedDevice, Work
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import Cost, count_candidate
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.input_spec import InputKind, InputSpec

WINDOWS = InputSpec(InputKind.WINDOWS, length=150, classes=3, channels=3, patch=5)
HEADS = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE, HeadKind.CONVOLUTION_9, HeadKind.FOURIER)
FREE = {"bandwidth_bytes_per_s": 1e30, "launch_s": 0.0, "peak_macs_per_s": 1e30}
STEP = WorkloadKind.TRAINING_STEP


def device(**numbers) -> SimulatedDevice:
    plain = dataclasses.replace(DEVICES["rpi4"], efficiency=dict.fromkeys(Work, 1.0), **FREE)
    return dataclasses.replace(plain, **numbers)


def candidate(hidden=32, depth=2, **deployment) -> Candidate:
    return Candidate(Architecture((Layer(hidden, HEADS, (2 * hidden,)),) * depth), Deployment(**deployment))


def cost_on(where, what, workload=None):
    return call_cost(where, ProfileRequest(what, WINDOWS, workload or Workload(), where.identity))


def counts(what) -> Cost:
    return count_candidate(what, WINDOWS)


def test_the_kinds_of_work_are_all_macs_and_none_twice():
    names = [name for group in KINDS.values() for name in group]
    cost = counts(candidate())
    assert sum(getattr(cost, name) for name in names) == cost.macs
    assert len(set(names)) == len(names)


def test_where_only_products_take_time_the_latency_is_macs_over_speed():
    assert cost_on(device(peak_macs_per_s=1e9), candidate()).latency_s == pytest.approx(counts(candidate()).macs / 1e9)


def test_every_kind_of_work_has_its_own_speed():
    slow_mixing = device(peak_macs_per_s=1e9, efficiency={**dict.fromkeys(Work, 1.0), Work.MIXING: 0.1})
    cost = counts(candidate())
    by_hand = (cost.macs + 9 * cost.macs_attention_mixing) / 1e9
    assert cost_on(slow_mixing, candidate()).latency_s == pytest.approx(by_hand)


def test_where_only_memory_takes_time_the_latency_is_bytes_over_half_of_the_peak():
    by_hand = counts(candidate()).bytes_moved / (0.5 * 1e9)
    assert cost_on(device(bandwidth_bytes_per_s=1e9), candidate()).latency_s == pytest.approx(by_hand)


def test_where_only_launches_take_time_size_makes_no_difference_and_depth_does():
    where = device(launch_s=1e-5)
    for what in (candidate(8), candidate(128), candidate(8, depth=4)):
        assert cost_on(where, what).latency_s == pytest.approx(1e-5 * counts(what).launches)
    assert cost_on(where, candidate(8)).latency_s == cost_on(where, candidate(128)).latency_s


def test_products_and_traffic_overlap_and_launches_come_on_top():
    cost = cost_on(device(peak_macs_per_s=1e9, bandwidth_bytes_per_s=1e9, launch_s=1e-5), candidate())
    assert min(cost.compute_s, cost.memory_s, cost.launch_s) > 0
    assert cost.latency_s == max(cost.compute_s, cost.memory_s) + cost.launch_s


@pytest.mark.parametrize("name", DEVICES)
def test_more_macs_take_no_less_time_and_energy_on_any_device(name):
    costs = [cost_on(DEVICES[name], candidate(hidden)) for hidden in (16, 32, 64, 128, 256, 512)]
    for quantity in ("latency_s", "dynamic_j"):
        values = [getattr(cost, quantity) for cost in costs]
        assert values == sorted(values)
        assert values[0] < values[-1]


@pytest.mark.parametrize("name", DEVICES)
def test_a_tiny_model_waits_for_its_launches_and_a_huge_one_does_not(name):
    huge_batch = Workload(batch_size=64)
    tiny, huge = cost_on(DEVICES[name], candidate(8)), cost_on(DEVICES[name], candidate(4096), huge_batch)
    assert tiny.launch_s > 0.5 * tiny.latency_s
    assert huge.launch_s < 0.1 * huge.latency_s


def test_a_batch_reads_the_weights_once():
    where = device(bandwidth_bytes_per_s=2e9)
    one, two, three = (cost_on(where, candidate(), Workload(batch_size=size)).memory_s * 1e9 for size in (1, 2, 3))
    assert two - one == pytest.approx(three - two)
    assert one - (two - one) == pytest.approx(counts(candidate()).weight_bytes)


def test_of_an_embedding_table_only_the_rows_that_are_looked_up_are_read():
    where = device(bandwidth_bytes_per_s=2e9)
    tables = [InputSpec(InputKind.TOKENS, length=16, classes=2, vocabulary=size) for size in (100, 100_000)]
    times = [
        call_cost(where, ProfileRequest(candidate(), spec, Workload(batch_size=4), where.identity)).memory_s
        for spec in tables
    ]
    assert times[0] == pytest.approx(times[1])


def test_a_training_step_multiplies_three_times_as_much_and_the_optimizer_moves_every_weight():
    where = device(peak_macs_per_s=1e9, bandwidth_bytes_per_s=2e9, launch_s=1e-5)
    forward, step = cost_on(where, candidate()), cost_on(where, candidate(), Workload(STEP))
    assert step.compute_s == pytest.approx(TRAINING_FACTOR * forward.compute_s)
    assert step.launch_s == pytest.approx(TRAINING_FACTOR * forward.launch_s)
    optimizer_s = OPTIMIZER_PASSES * counts(candidate()).weight_bytes / 1e9
    assert step.memory_s == pytest.approx(TRAINING_FACTOR * forward.memory_s + optimizer_s)


def test_micro_batches_launch_again_and_multiply_as_much():
    where = device(peak_macs_per_s=1e9, launch_s=1e-5)
    whole, parts = (cost_on(where, candidate(), Workload(STEP, 8, parts)) for parts in (1, 4))
    assert parts.compute_s == pytest.approx(whole.compute_s)
    assert parts.launch_s == pytest.approx(4 * whole.launch_s)


def test_threads_share_nine_tenths_of_the_work_up_to_the_number_of_cores():
    where = device(peak_macs_per_s=1e9, cores=4)
    times = [cost_on(where, candidate(threads=threads)).compute_s for threads in (1, 2, 4, 8)]
    assert times[1:3] == pytest.approx([0.55 * times[0], 0.325 * times[0]])
    assert times[3] == times[2]


def test_half_precision_is_as_much_faster_as_the_device_says_and_moves_half_the_bytes():
    where = device(peak_macs_per_s=1e9, bandwidth_bytes_per_s=1e9, speed_ups={Precision.FP16: 4.0})
    whole, half = cost_on(where, candidate()), cost_on(where, candidate(precision="fp16"))
    assert half.compute_s == pytest.approx(whole.compute_s / 4)
    assert half.memory_s == pytest.approx(whole.memory_s / 2)


def test_int8_is_faster_only_in_products_with_weights_and_only_in_layers_that_become_int8():
    where = device(peak_macs_per_s=1e9, speed_ups={Precision.INT8_DYNAMIC: 4.0})
    int8 = {"precision": Precision.INT8_DYNAMIC, "runtime": Runtime.ONNXRUNTIME}
    cost = counts(candidate())
    dense = sum(getattr(cost, name) for name in KINDS[Work.DENSE])
    by_hand = (cost.macs - 0.75 * dense) / 1e9
    assert cost_on(where, candidate(**int8)).compute_s == pytest.approx(by_hand)
    kept = (LayerDeployment(keep_fp32=True), LayerDeployment())
    half_kept = (cost.macs - 0.375 * dense) / 1e9
    assert cost_on(where, candidate(**int8, layers=kept)).compute_s == pytest.approx(half_kept)


def test_energy_is_that_of_the_macs_the_bytes_and_the_launches():
    where = dataclasses.replace(DEVICES["a100"], efficiency=GPU)
    cost, counted = cost_on(where, candidate()), counts(candidate())
    launches_j = cost.launch_s * 0.25 * (250 - 45)
    by_hand = counted.macs * mac_j(where) + counted.bytes_moved * byte_j(where) + launches_j
    assert cost.dynamic_j == pytest.approx(by_hand)


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("hidden", [8, 512, 4096])
def test_no_call_draws_more_than_the_full_power(name, hidden):
    where = DEVICES[name]
    for threads in (1, 64):
        cost = cost_on(where, candidate(hidden, threads=threads), Workload(batch_size=64))
        assert 0 < cost.dynamic_power_w <= where.full_power_w - where.idle_power_w


def test_an_a100_is_faster_than_a_raspberry_pi_and_a_newer_board_than_an_older_one():
    latencies = {name: cost_on(where, candidate(256)).latency_s for name, where in DEVICES.items()}
    assert latencies["a100"] < latencies["orin-nano"] < latencies["jetson-nano"]
    assert latencies["a100"] < latencies["phone"] < latencies["rpi5"] < latencies["rpi4"]
