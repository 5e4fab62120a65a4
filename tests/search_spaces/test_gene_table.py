"""Tables of genes: the candidates themselves, row by row."""

import dataclasses

import numpy as np
import pytest
from example_spaces import EDGE, SPACES
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.gene_table import GeneTable
from search_spaces.genes import genes_of
from search_spaces.sampling import SamplingMethod, sample, sample_table

EVERY = pytest.mark.parametrize("name", SPACES)


@EVERY
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_candidates_come_back_from_their_table(name, data):
    space = SPACES[name]
    numbers = data.draw(st.lists(st.integers(0, space.size - 1), max_size=4))
    candidates = [nth_candidate(space, number) for number in numbers]
    assert GeneTable.of(space, candidates).candidates() == candidates


@EVERY
def test_a_table_has_the_genes_of_its_candidates(name):
    candidates = sample(SPACES[name], 50, SamplingMethod.SOBOL, seed=0)
    genes = GeneTable.of(SPACES[name], candidates).genes()
    for field in dataclasses.fields(genes):
        np.testing.assert_array_equal(getattr(genes, field.name), getattr(genes_of(candidates), field.name), field.name)


def test_genes_of_the_first_layers_are_those_of_candidates_no_deeper():
    candidates = [c for c in sample(EDGE, 50, SamplingMethod.SOBOL, seed=0) if len(c.architecture.layers) <= 2]
    genes = GeneTable.of(EDGE, candidates).genes(depth=2)
    for field in dataclasses.fields(genes):
        np.testing.assert_array_equal(getattr(genes, field.name), getattr(genes_of(candidates), field.name), field.name)


def test_one_row_is_one_candidate():
    candidates = sample(EDGE, 5, SamplingMethod.RANDOM, seed=1)
    table = GeneTable.of(EDGE, candidates)
    assert [table.candidate(row) for row in range(5)] == candidates
    assert table.candidate(-1) == candidates[-1]


def test_a_table_knows_how_deep_its_candidates_are():
    candidates = sample(EDGE, 20, SamplingMethod.SOBOL, seed=0)
    assert GeneTable.of(EDGE, candidates).depth.tolist() == [len(c.architecture.layers) for c in candidates]


def test_repeated_rows_are_dropped_and_the_order_kept():
    table = sample_table(SPACES["deployments"], 6, SamplingMethod.RANDOM, seed=0)
    repeated = table.take(np.array([4, 2, 4, 0, 2, 1]))
    assert repeated.distinct().candidates() == [table.candidate(row) for row in (4, 2, 0, 1)]


def test_rows_that_differ_in_their_deployment_alone_are_different():
    space = SPACES["deployments"]
    architecture = sample(EDGE, 1, SamplingMethod.SOBOL, seed=0)[0].architecture
    first = nth_candidate(space, 0)
    candidates = [dataclasses.replace(first, architecture=architecture, deployment=d) for d in space.deployments]
    assert len(GeneTable.of(space, candidates).distinct()) == 3


def test_tables_can_follow_each_other():
    table = sample_table(EDGE, 5, SamplingMethod.RANDOM, seed=0)
    both = table.take(np.array([3, 1])).followed_by(table.take(np.array([0])))
    assert both.candidates() == [table.candidate(row) for row in (3, 1, 0)]


def test_a_candidate_of_another_space_is_refused():
    with pytest.raises(SpaceError, match="candidate 1 is not in the space edge-small: "):
        GeneTable.of(EDGE, [nth_candidate(EDGE, 3), nth_candidate(SPACES["flexibert-v2"], 7)])


@pytest.mark.parametrize("name", ["hidden", "head_counts", "feed_forward"])
def test_arrays_of_another_shape_are_refused(name):
    table = sample_table(EDGE, 3, SamplingMethod.RANDOM, seed=0)
    with pytest.raises(SpaceError, match=f"{name} of 3 candidates of edge-small: expected shape"):
        dataclasses.replace(table, **{name: getattr(table, name)[:, :1]})
