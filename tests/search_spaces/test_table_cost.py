"""Costs of whole tables: exactly those of all genes at once."""

from dataclasses import fields

import numpy as np
import pytest

from search_spaces import table_cost
from search_spaces.cost import Cost, count
from search_spaces.gene_table import GeneTable
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space
from search_spaces.table_cost import count_table

TOKENS = InputSpec(InputKind.TOKENS, length=128, classes=2, vocabulary=30_522)
WINDOWS = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)


@pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
@pytest.mark.parametrize("name", ["edge-small", "flexibert-v2"])
def test_costs_of_a_table_are_those_of_its_candidates_in_their_order(name, spec, monkeypatch):
    monkeypatch.setattr(table_cost, "BLOCK", 32)
    space = load_space(name)
    candidates = sample(space, 100, SamplingMethod.RANDOM, seed=0)
    found, expected = count_table(GeneTable.of(space, candidates), spec), count(genes_of(candidates), spec)
    for field in fields(Cost):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name), field.name)


def test_an_empty_table_costs_nothing():
    cost = count_table(GeneTable.of(load_space("edge-small"), []), WINDOWS)
    assert all(getattr(cost, field.name).shape == (0,) for field in fields(Cost))
