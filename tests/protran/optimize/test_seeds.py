from __future__ import annotations

import torch

from protran.optimize.seeds import child_generator, child_seed, deterministic_torch


def test_equal_names_and_steps_give_equal_numbers() -> None:
    assert child_generator(7, 3, "starts").random() == child_generator(7, 3, "starts").random()


def test_names_steps_and_roots_give_different_seeds() -> None:
    seeds = {child_seed(root, step, name) for root in (0, 1) for step in (0, 1, 2) for name in ("a", "b")}
    assert len(seeds) == 12


def test_the_global_generator_and_thread_count_are_left_as_they_were() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    with deterministic_torch(1):
        assert torch.get_num_threads() == 1
        inside = torch.rand(1)
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads
    with deterministic_torch(1):
        assert torch.rand(1) == inside
