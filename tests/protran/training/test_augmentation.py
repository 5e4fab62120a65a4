from dataclasses import replace

import pytest
import torch

from protran.training.augmentation import augment
from protran.training.recipe import Recipe

STILL = Recipe(rotation_degrees=0.0, scaling=0.0, jitter=0.0, masking=0.0)
WINDOWS = torch.randn(16, 4, 50, generator=torch.Generator().manual_seed(1))


def _augment(recipe, axes=((0, 1, 2),), seed=0):
    return augment(WINDOWS, recipe, axes, torch.Generator().manual_seed(seed))


def test_a_recipe_without_changes_changes_nothing():
    assert torch.equal(_augment(STILL), WINDOWS)


def test_a_rotation_keeps_the_length_of_every_sample_and_other_channels():
    turned = _augment(replace(STILL, rotation_degrees=40.0))
    assert not torch.allclose(turned[:, :3], WINDOWS[:, :3], atol=0.1)
    assert torch.allclose(turned[:, :3].norm(dim=1), WINDOWS[:, :3].norm(dim=1), atol=1e-5)
    assert torch.equal(turned[:, 3], WINDOWS[:, 3])


def test_a_rotation_is_no_reflection():
    base = torch.eye(3).repeat(8, 1, 1)
    turned = augment(base, replace(STILL, rotation_degrees=90.0), ((0, 1, 2),), torch.Generator().manual_seed(0))
    assert torch.allclose(torch.linalg.det(turned), torch.ones(8), atol=1e-5)


def test_without_axes_nothing_is_turned():
    assert torch.equal(_augment(replace(STILL, rotation_degrees=40.0), axes=()), WINDOWS)


def test_scaling_multiplies_a_whole_window_by_one_factor():
    factor = _augment(replace(STILL, scaling=0.3)) / WINDOWS
    assert torch.allclose(factor, factor[:, :1, :1].expand_as(factor), rtol=1e-4)
    assert factor[:, 0, 0].std() > 0.05


def test_jitter_has_the_wanted_deviation():
    assert (_augment(replace(STILL, jitter=0.5)) - WINDOWS).std().item() == pytest.approx(0.5, rel=0.1)


def test_masking_blanks_one_stretch_of_all_channels_of_at_most_the_wanted_share():
    blank = _augment(replace(STILL, masking=0.4)) == 0
    assert torch.equal(blank, blank[:, :1].expand_as(blank))
    assert 0 < blank[:, 0].sum(dim=1).max() <= 20
    assert (blank[:, 0].int().diff(dim=1).abs().sum(dim=1) <= 2).all()


def test_the_windows_given_are_left_alone_and_equal_seeds_change_alike():
    before = WINDOWS.clone()
    first, second = _augment(Recipe()), _augment(Recipe())
    assert torch.equal(first, second)
    assert torch.equal(WINDOWS, before)
    assert not torch.equal(first, _augment(Recipe(), seed=1))
