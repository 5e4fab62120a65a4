from __future__ import annotations

import pytest
import torch
from torch.nn.functional import softplus

from surrogates import natural_parameter
from surrogates.natural_parameter import NaturalParameterNetwork, NormalLinear, train

SAMPLES = 200_000


def normal(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_moments_after_a_linear_layer_are_those_of_sampled_weights_and_inputs():
    layer = NormalLinear(3, 2, 1, torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.weight_spread.fill_(-0.2)
        layer.bias_spread.fill_(-0.4)
        layer.bias.copy_(torch.tensor([[0.5, -1.0]]))
    mean, variance = torch.tensor([[0.3, -1.0, 2.0]]).double(), torch.tensor([[0.2, 0.5, 0.1]]).double()
    inputs = mean + variance.sqrt() * normal(SAMPLES, 3)
    weights = layer.weight + layer.variances()[0].sqrt() * normal(SAMPLES, 3, 2, seed=1)
    biases = layer.bias[0] + layer.variances()[1][0].sqrt() * normal(SAMPLES, 2, seed=2)
    answers = (inputs.unsqueeze(1) @ weights).squeeze(1) + biases
    got, spread = layer(mean, variance)
    assert torch.allclose(got[0, 0], answers.mean(0), atol=0.02)
    assert torch.allclose(spread[0, 0], answers.var(0), rtol=0.02)


def test_a_linear_layer_takes_known_inputs_as_inputs_without_variance():
    layer, mean = NormalLinear(3, 2, 2, torch.Generator().manual_seed(0)), normal(5, 3)
    for known, zero in zip(layer(mean, None), layer(mean, torch.zeros_like(mean)), strict=True):
        assert torch.allclose(known, zero)


def test_moments_of_a_whole_network_are_those_of_sampled_weights():
    network, x = NaturalParameterNetwork(3, seed=2), normal(1, 3)
    with torch.no_grad():
        for layer in (network.first, network.second, network.head):
            layer.weight_spread.fill_(-1.0)
            layer.bias_spread.fill_(-1.0)
    values = x.expand(5000, 1, 3)
    for seed, layer in enumerate((network.first, network.second, network.head)):
        weights = layer.weight + layer.variances()[0].sqrt() * normal(5000, *layer.weight.shape[1:], seed=seed)
        biases = layer.bias + layer.variances()[1].sqrt() * normal(5000, *layer.bias.shape[1:], seed=seed + 9)
        values = (torch.sigmoid if layer is network.head else softplus)(values @ weights + biases)
    mean, variance = network(x)
    assert mean.item() == pytest.approx(values.mean().item(), abs=0.01)
    assert variance.sqrt().item() == pytest.approx(values.std().item(), rel=0.15)


def test_gradients_of_the_moments_are_those_of_finite_differences():
    network = NaturalParameterNetwork(3, seed=1)
    x = normal(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(network, (x,))
    assert torch.autograd.gradgradcheck(lambda at: network(at)[0], (x,))


def test_networks_beside_each_other_begin_alike():
    mean, variance = NaturalParameterNetwork(3, networks=2, seed=1)(normal(4, 3))
    assert torch.equal(mean[0], mean[1])
    assert torch.equal(variance[0], variance[1])


def test_a_network_taken_alone_answers_as_it_did():
    networks, x = NaturalParameterNetwork(3, networks=2, seed=1), normal(4, 3)
    with torch.no_grad():
        networks.head.bias[1] += 1.0
        assert torch.allclose(networks.only(1)(x)[0], networks(x)[0][1:])


def curve(count: int, seed: int):
    """One output between 0 and 1 of one feature; its noise rises tenfold along it."""
    x = torch.linspace(-1.5, 1.5, count, dtype=torch.float64).unsqueeze(-1)
    noise = 0.01 * 10 ** ((x[:, 0] + 1.5) / 3)
    truth = 0.4 + 0.1 * x[:, 0].square()
    return x, truth, truth + noise * normal(count, seed=seed), noise


def test_training_follows_a_curve_and_tells_noisy_regions_from_quiet_ones():
    x, truth, target, _ = curve(120, seed=3)
    mean, variance = (moment[0] for moment in train(x, target, torch.zeros_like(target), 0).network(x))
    assert (mean - truth).abs().mean() < 0.025
    assert variance[-30:].mean() > 3 * variance[:30].mean()


def test_the_network_states_less_noise_where_some_is_known_already():
    x, _, target, noise = curve(120, seed=3)
    own = train(x, target, noise.square(), 0).network(x)[1][0]
    alone = train(x, target, torch.zeros_like(target), 0).network(x)[1][0]
    assert own[-30:].mean() < 0.7 * alone[-30:].mean()


def test_what_is_said_of_a_row_unseen_does_not_depend_on_its_value():
    x, _, target, _ = curve(20, seed=0)
    none, changed = torch.zeros_like(target), target.clone()
    changed[7] += 0.2
    before, after = (train(x, values, none, 0) for values in (target, changed))
    assert before.mean[7] == after.mean[7]
    assert not torch.equal(before.mean, after.mean)


def test_the_seed_alone_decides_the_network(monkeypatch):
    monkeypatch.setattr(natural_parameter, "STEPS", 5)
    monkeypatch.setattr(natural_parameter, "WARM_STEPS", 5)
    x, _, target, _ = curve(20, seed=0)
    first, again, other = (train(x, target, torch.zeros_like(target), seed).network(x)[0] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
