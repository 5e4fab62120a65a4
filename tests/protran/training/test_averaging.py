import torch
from torch import nn

from protran.training.averaging import AveragedWeights


def _model(value):
    model = nn.Linear(2, 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    return model


def _set(model, value):
    model.load_state_dict(_model(value).state_dict())


def test_the_first_steps_are_averaged_evenly_and_forget_the_initial_weights():
    model = _model(100.0)
    averaged = AveragedWeights(model, 0.01)
    for step, value in enumerate([1.0, 2.0, 3.0]):
        _set(model, value)
        averaged.update(step)
    assert torch.allclose(averaged.model.weight, torch.full((1, 2), 2.0))


def test_later_steps_take_in_the_wanted_share():
    model = _model(0.0)
    averaged = AveragedWeights(model, 0.1)
    averaged.update(0)
    _set(model, 1.0)
    averaged.update(1000)
    assert torch.allclose(averaged.model.bias, torch.tensor([0.1]))


def test_kept_weights_come_back_after_worse_ones():
    model = _model(1.0)
    averaged = AveragedWeights(model, 0.5)
    averaged.update(0)
    averaged.keep()
    _set(model, 9.0)
    averaged.update(1)
    averaged.restore_kept()
    assert torch.allclose(averaged.model.weight, torch.ones(1, 2))
