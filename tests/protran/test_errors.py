from __future__ import annotations

import pytest

from protran import errors


@pytest.mark.parametrize("kind", [errors.InputError, errors.ConfigError, errors.UnknownCampaignError])
def test_bad_input_is_a_value_error_and_ends_with_two(kind: type[errors.ProTranError]) -> None:
    assert issubclass(kind, ValueError)
    assert kind("x").exit_code == 2


@pytest.mark.parametrize("kind", [errors.LedgerError, errors.CampaignBusyError, errors.CampaignError])
def test_a_failure_of_the_work_ends_with_one(kind: type[errors.ProTranError]) -> None:
    assert kind("x").exit_code == 1
