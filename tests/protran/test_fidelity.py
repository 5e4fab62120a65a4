from __future__ import annotations

import pytest

from protran.errors import InputError
from protran.fidelity import Fidelity


@pytest.mark.parametrize("fidelity", [Fidelity(3), Fidelity(10, 0.5), Fidelity(4, refit=True)])
def test_a_fidelity_survives_json(fidelity: Fidelity) -> None:
    assert Fidelity.from_json(fidelity.to_json()) == fidelity


@pytest.mark.parametrize(
    "payload",
    [{"epochs": 0}, {"epochs": True}, {"epochs": 2, "share": 0}, {"share": 1}, {"x": 1}, {"epochs": 2, "refit": 1}],
)
def test_what_is_no_fidelity_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises(InputError, match="fidelity"):
        Fidelity.from_json(payload)
