import pytest
from fake_sensors import write

from device_agents.throttling import ThrottleWatch, Throttling, read_throttling, throttled_between

FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
CPU = "sys/devices/system/cpu"


def cooling(root, kind, state, number=0):
    folder = root / f"sys/class/thermal/cooling_device{number}"
    write(folder / "type", kind)
    write(folder / "cur_state", state)


def no_command():
    raise AssertionError("the firmware shall not be asked")


def test_a_machine_that_does_not_say_is_unknown_and_not_cool(tmp_path):
    assert read_throttling(tmp_path, no_command) == Throttling(None)


def test_cooling_that_is_active_is_throttling_and_its_kind_the_reason(tmp_path):
    cooling(tmp_path, "thermal-cpufreq-0", 2)
    found = read_throttling(tmp_path)
    assert found.throttled is True
    assert found.reasons == ("cooling by thermal-cpufreq-0 is active",)


def test_cooling_that_rests_is_no_throttling(tmp_path):
    cooling(tmp_path, "thermal-cpufreq-0", 0)
    cooling(tmp_path, "intel_powerclamp", -1, number=1)
    assert read_throttling(tmp_path).throttled is False


@pytest.mark.parametrize("kind", ["pwm-fan", "Fan", "iwlwifi_1", "LCD", "TCC Offset"])
def test_what_cools_without_slowing_down_says_nothing(tmp_path, kind):
    cooling(tmp_path, kind, 3)
    assert read_throttling(tmp_path).throttled is None


@pytest.mark.parametrize(
    ("kind", "celsius"), [("x86_pkg_temp", 71.5), ("cpu-thermal", 71.5), ("tj-thermal", 71.5), ("acpitz", 80.0)]
)
def test_the_temperature_is_the_processors_where_one_is_said_to_be(tmp_path, kind, celsius):
    for number, (name, millidegrees) in enumerate([(kind, 71_500), ("acpitz", 80_000), ("soc0", -256_000)]):
        write(tmp_path / f"sys/class/thermal/thermal_zone{number}/type", name)
        write(tmp_path / f"sys/class/thermal/thermal_zone{number}/temp", millidegrees)
    assert read_throttling(tmp_path).temperature_celsius == celsius


def test_a_processors_chip_tells_its_temperature_too(tmp_path):
    write(tmp_path / "sys/class/hwmon/hwmon0/name", "k10temp")
    write(tmp_path / "sys/class/hwmon/hwmon0/temp1_input", 45_250)
    assert read_throttling(tmp_path).temperature_celsius == 45.25


def test_the_firmwares_flags_of_now_are_reasons(tmp_path):
    write(tmp_path / FIRMWARE, "50005")  # the kernel's file is hexadecimal without 0x
    found = read_throttling(tmp_path, no_command)
    assert found.throttled is True
    assert found.reasons == ("firmware says under-voltage", "firmware says throttled")


def test_the_firmwares_flags_of_earlier_are_no_reasons(tmp_path):
    write(tmp_path / FIRMWARE, "f0000")
    assert read_throttling(tmp_path).throttled is False


def test_a_raspberry_without_that_file_is_asked_by_command(tmp_path):
    write(tmp_path / "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    assert read_throttling(tmp_path, lambda: "throttled=0x2\n").reasons == ("firmware says clock capped",)
    assert read_throttling(tmp_path, lambda: "throttled=0x0\n").throttled is False


@pytest.mark.parametrize("answer", ["", "VCHI initialization failed\n", "throttled=0xxyz"])
def test_a_firmware_that_gives_no_flags_is_silent(tmp_path, answer):
    write(tmp_path / "proc/device-tree/model", "Raspberry Pi 4")
    assert read_throttling(tmp_path, lambda: answer).throttled is None


def policy(root, asked, now, *, driver="cpufreq-dt", governor="performance"):
    folder = root / CPU / "cpufreq/policy0"
    for file, text in {
        "scaling_max_freq": asked,
        "scaling_cur_freq": now,
        "scaling_driver": driver,
        "scaling_governor": governor,
    }.items():
        write(folder / file, text)


def test_a_clock_below_what_a_fixed_governor_asks_for_is_throttling(tmp_path):
    policy(tmp_path, 1_500_000, 1_000_000)
    assert read_throttling(tmp_path).reasons == ("the clock of policy0 is below what its governor asked for",)
    policy(tmp_path, 1_500_000, 1_500_000)
    assert read_throttling(tmp_path).throttled is False


@pytest.mark.parametrize("options", [{"governor": "schedutil"}, {"driver": "intel_pstate"}])
def test_a_clock_that_follows_the_load_or_may_boost_says_nothing(tmp_path, options):
    policy(tmp_path, 1_500_000, 600_000, **options)
    assert read_throttling(tmp_path).throttled is None


def test_a_cap_that_falls_between_two_looks_is_throttling_and_a_low_one_is_not(tmp_path):
    policy(tmp_path, 1_500_000, 600_000, governor="schedutil")
    high = read_throttling(tmp_path)
    policy(tmp_path, 1_200_000, 600_000, governor="schedutil")
    low = read_throttling(tmp_path)
    assert throttled_between(high, low).reasons == ("the cap on the clock of policy0 fell",)
    assert throttled_between(low, low).throttled is None
    assert throttled_between(low, high).throttled is None


def count(root, value, core=0, kind="core"):
    write(root / CPU / f"cpu{core}/thermal_throttle/{kind}_throttle_count", value)


def test_counts_say_nothing_of_now_but_whether_they_rose(tmp_path):
    for core in range(2):
        count(tmp_path, 7, core)
    before = read_throttling(tmp_path)
    assert before.throttled is None
    assert throttled_between(before, read_throttling(tmp_path)).throttled is False
    count(tmp_path, 8, core=1)
    between = throttled_between(before, read_throttling(tmp_path))
    assert (between.throttled, between.reasons) == (True, ("core throttle count rose",))


def test_over_current_of_a_jetson_is_counted(tmp_path):
    chip = tmp_path / "sys/class/hwmon/hwmon3"
    write(chip / "name", "soctherm_oc")
    write(chip / "oc1_event_cnt", 0)
    before = read_throttling(tmp_path)
    write(chip / "oc1_event_cnt", 2)
    assert throttled_between(before, read_throttling(tmp_path)).reasons == ("over-current count oc1 rose",)


def test_a_firmware_flag_that_comes_up_between_two_looks_is_throttling_though_it_is_over(tmp_path):
    write(tmp_path / FIRMWARE, "0")
    before = read_throttling(tmp_path)
    write(tmp_path / FIRMWARE, "40000")
    between = throttled_between(before, read_throttling(tmp_path))
    assert (between.throttled, between.reasons) == (True, ("firmware flag throttled rose",))


def test_files_that_hold_no_number_are_as_if_they_were_not_there(tmp_path):
    cooling(tmp_path, "thermal-cpufreq-0", "hot")
    count(tmp_path, "")
    write(tmp_path / FIRMWARE, "no such property")
    assert read_throttling(tmp_path) == Throttling(None)


def test_a_watch_remembers_what_was_over_by_the_last_look():
    looks = iter([Throttling(False, (), 50.0), Throttling(True, ("hot",), 85.0), Throttling(False, (), 60.0)])
    watch = ThrottleWatch(lambda: next(looks))
    assert watch.throttled is None
    watch.look()
    assert watch.throttled is False
    watch.look()
    watch.look()
    assert (watch.throttled, watch.reasons, watch.temperatures_celsius) == (True, ("hot",), (50.0, 60.0))


def test_the_facts_of_a_device_hold_no_counts():
    found = Throttling(True, ("hot",), 85.0, {"core throttle count": 3})
    assert found.to_json() == {"throttled": True, "reasons": ["hot"], "temperature_celsius": 85.0}
