import pytest

from device_agents.errors import DeviceError
from device_agents.power_calibration.holding import Held
from device_agents.power_calibration.plateau import Plateau
from device_agents.power_calibration.plug_log import read_plug_log

BEGAN_S = 1_795_706_000.0


def held(after_s=0.0, duration_s=100.0):
    return Held(Plateau.ONE_CORE, BEGAN_S + after_s, duration_s, 1.0, None)


@pytest.fixture
def log(tmp_path):
    def read(text):
        path = tmp_path / "log.csv"
        path.write_text(text)
        return read_plug_log(path)

    return read


def test_power_is_averaged_over_time_and_not_over_samples(log):
    found = log("time_s,watts\n0,2\n10,2\n20,2\n55,9\n56,9\n57,9\n100,9\n")
    # 10..20 s at 2 W, a rise to 9 W until 55 s, then 9 W until 100 s.
    assert found.mean_w(held(), BEGAN_S) == pytest.approx((10 * 2 + 35 * 5.5 + 45 * 9) / 90)


def test_the_begin_of_a_plateau_is_left_out(log):
    found = log("time_s,watts\n0,500\n9.9,500\n10,4\n50,4\n70,4\n90,4\n100,4\n")
    assert found.mean_w(held(), BEGAN_S) == pytest.approx(4.0)


def test_times_since_1970_are_told_from_times_since_the_begin(log):
    rows = "".join(f"{BEGAN_S + second},{second}\n" for second in range(0, 300, 10))
    found = log(f"time_s,power_w\n{rows}")
    assert not found.from_begin
    assert found.mean_w(held(100.0), BEGAN_S) == pytest.approx(155.0)


@pytest.mark.parametrize("zone", ["Z", "+00:00", ""])
def test_stamps_are_read_as_utc(log, zone):
    rows = "".join(f"2027-01-01T00:0{minute}:00{zone},5\n" for minute in range(5))
    assert log(f"utc,watts\n{rows}").times_s[1] == 1_798_761_660.0


def test_a_plateau_that_the_log_does_not_cover_is_told_with_both_spans(log):
    found = log("time_s,watts\n0,2\n20,2\n40,2\n60,2\n")
    with pytest.raises(DeviceError, match=r"one-core: .* cover 10\.0 to 100\.0 s .* covers 0\.0 to 60\.0 s"):
        found.mean_w(held(), BEGAN_S)


def test_a_plateau_with_too_few_samples_is_refused(log):
    with pytest.raises(DeviceError, match="at least 3 samples, it has 1 there"):
        log("time_s,watts\n0,2\n50,2\n200,2\n").mean_w(held(), BEGAN_S)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when,watts\n1,2\n", "one of the columns time_s or utc"),
        ("time_s,amperes\n1,2\n", "one of the columns watts or power_w"),
        ("time_s,utc,watts\n1,2,3\n", "one of the columns time_s or utc"),
        ("time_s,watts\n1,2\n2,much\n", r"log\.csv:3: expected a finite number, got 'much'"),
        ("time_s,watts\n1,2\n2\n", "expected a finite number, got None"),
        ("utc,watts\nnoon,2\n", "expected a UTC stamp"),
        ("time_s,watts\n1,2\n3,2\n2,2\n", "times that rise"),
        ("time_s,watts\n1,2\n", "at least 3 samples, got 1"),
        ("", "one of the columns time_s or utc, got none"),
    ],
)
def test_a_log_that_says_something_else_is_one_sentence(log, text, said):
    with pytest.raises(DeviceError, match=said):
        log(text)


def test_a_log_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(DeviceError, match="expected a CSV file with the plug meter's log"):
        read_plug_log(tmp_path / "absent.csv")
