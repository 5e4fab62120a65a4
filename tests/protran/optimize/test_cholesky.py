from __future__ import annotations

import pytest
import torch

from protran.optimize.cholesky import NUGGET, cholesky_factor


def test_a_covariance_that_rounding_makes_indefinite_is_factorised_still() -> None:
    x = torch.linspace(0, 1, 120, dtype=torch.float64).unsqueeze(-1)
    smooth = torch.exp(-0.5 * (x - x.T).square() / 4.0) - 3e-8 * torch.eye(120, dtype=torch.float64)
    sound = torch.eye(120, dtype=torch.float64)
    with pytest.raises(torch.linalg.LinAlgError):
        torch.linalg.cholesky(smooth + NUGGET * torch.eye(120, dtype=torch.float64))
    factor = cholesky_factor(torch.stack([smooth, sound]))
    assert torch.allclose(factor[0] @ factor[0].T, smooth, atol=2e-4)
    assert torch.allclose(factor[1] @ factor[1].T, sound, atol=2e-8)
