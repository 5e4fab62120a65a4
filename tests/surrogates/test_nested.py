from __future__ import annotations

import pytest
import torch

from surrogates.ensemble import DeepEnsemble
from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.nested import packed_surrogate, unpacked_surrogate


def fitted() -> HeteroscedasticGP:
    x = torch.linspace(0.0, 1.0, 6, dtype=torch.float64).unsqueeze(-1)
    surrogate = HeteroscedasticGP()
    surrogate.fit(x, x.exp())
    return surrogate


def test_a_packed_surrogate_is_unpacked_equal():
    surrogate = fitted()
    again = unpacked_surrogate(HeteroscedasticGP, *packed_surrogate(surrogate))
    x = torch.tensor([[0.3], [2.0]], dtype=torch.float64)
    assert torch.equal(again.predict(x).mean, surrogate.predict(x).mean)


def test_another_kind_is_refused():
    with pytest.raises(SurrogateError, match="expected a surrogate 'ensemble'"):
        unpacked_surrogate(DeepEnsemble, *packed_surrogate(fitted()))


def test_changed_bytes_are_refused():
    content, settings = packed_surrogate(fitted())
    content[-1] += 1
    with pytest.raises(SurrogateError, match="does not have the hash"):
        unpacked_surrogate(HeteroscedasticGP, content, settings)
