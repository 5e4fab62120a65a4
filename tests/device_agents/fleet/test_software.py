import pytest

from device_agents.fleet.software import differences, own_software

OURS = {"python": "3.11.4", "ray": "2.60.0", "protran": "0.1.0"}


def test_this_environment_has_all_three():
    assert all(own_software().values())
    assert differences(own_software(), own_software()) == []


def test_another_patch_level_of_python_is_no_difference():
    assert differences({**OURS, "python": "3.11.9"}, OURS) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"python": "3.12.4"}, "expected Python 3.11, the controller's, got 3.12; make the device's environment"),
        ({"python": "3.1.4"}, "got 3.1;"),
        ({"ray": "2.60.1"}, "expected ray 2.60.0, the controller's, got 2.60.1; install that version"),
        ({"ray": ""}, "expected ray 2.60.0, the controller's, got none"),
        ({"protran": "0.2.0"}, "expected protran 0.1.0, the controller's, got 0.2.0"),
    ],
)
def test_a_difference_is_told_with_what_to_do(change, words):
    (sentence,) = differences({**OURS, **change}, OURS)
    assert words in sentence


def test_a_device_that_says_nothing_differs_in_everything():
    assert len(differences({}, OURS)) == 3
