from __future__ import annotations

import pytest
import torch
from torch.nn.functional import softplus

from surrogates.dropout_network import DROPOUT, TwoLayers, learn_spread, masks, spread, teach


def normal(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_network_answers_as_one_written_out_by_hand():
    network, x = TwoLayers(3, seed=1), normal(4, 3)
    (first, second, last), (one, two, three) = network.weights, network.biases
    by_hand = torch.sigmoid(softplus(softplus(x @ first + one) @ second + two) @ last + three)
    assert torch.allclose(network(x), by_hand[:, 0])


def test_masks_drop_three_of_ten_units_and_keep_the_mean():
    for mask, width in zip(masks(2000, draws=torch.Generator().manual_seed(0)), (64, 32), strict=True):
        assert mask.shape == (2000, width)
        assert (mask == 0).double().mean().item() == pytest.approx(DROPOUT, abs=0.01)
        assert mask.mean().item() == pytest.approx(1.0, abs=0.01)


def test_a_unit_that_is_dropped_cannot_be_seen_in_the_answer():
    network, x = TwoLayers(3, seed=1), normal(4, 3)
    first, second = torch.ones(64).double(), torch.ones(32).double()
    first[5] = 0.0
    with torch.no_grad():
        before = network(x, (first, second))
        network.weights[0][:, 5] += 1.0
        assert torch.equal(network(x, (first, second)), before)
        assert not torch.equal(network(x), before)


def test_the_spread_is_the_deviation_of_masked_answers():
    network, x = TwoLayers(3, seed=1), normal(4, 3)
    draws = torch.Generator().manual_seed(9)
    answers = torch.stack([network(x, masks(1, draws=draws)) for _ in range(4000)])
    assert torch.allclose(spread(network, x, seed=0), answers.std(0), rtol=0.3)


def test_a_teacher_follows_its_rows():
    x = normal(60, 2)
    target = 0.5 + 0.15 * torch.tanh(x[:, 0])
    assert (teach(x, target, seed=0)(x) - target).square().mean() < 0.3 * target.var()


def test_a_student_says_where_the_teacher_is_torn_at_points_that_it_has_not_seen():
    x = normal(40, 3)
    teacher = teach(x, 0.5 + 0.1 * torch.tanh(x[:, 0] + x[:, 1]), seed=0)
    student, fresh = learn_spread(teacher, x, seed=0), normal(200, 3, seed=5)
    truth, said = spread(teacher, fresh, seed=0), student(fresh)
    assert torch.corrcoef(torch.stack([truth, said]))[0, 1] > 0.9
    ratio = said / truth
    assert ratio.std() / ratio.mean() < 0.2


def test_a_teacher_that_says_the_same_everywhere_leaves_the_student_finite():
    teacher = TwoLayers(2)
    with torch.no_grad():
        teacher.weights[-1].zero_()
    assert learn_spread(teacher, normal(3, 2), seed=0)(normal(5, 2)).isfinite().all()
