"""Points of whole tables: those of each candidate alone."""

import dataclasses

import numpy as np
import pytest
from example_spaces import EDGE, SPACES

from search_spaces.encoding import Encoding
from search_spaces.errors import SpaceError
from search_spaces.sampling import SamplingMethod, sample_table
from search_spaces.table_encoding import encode_table


@pytest.mark.parametrize("name", SPACES)
def test_points_of_a_table_are_those_of_its_candidates(name):
    encoding = Encoding(SPACES[name])
    table = sample_table(SPACES[name], 100, SamplingMethod.SOBOL, seed=0)
    np.testing.assert_array_equal(encode_table(encoding, table), encoding.encode_many(table.candidates()))


def test_an_empty_table_has_no_points():
    encoding = Encoding(EDGE)
    assert encode_table(encoding, sample_table(EDGE, 0, SamplingMethod.SOBOL, seed=0)).shape == (0, encoding.dimension)


def test_a_table_of_another_space_is_refused():
    table = sample_table(SPACES["uniform"], 3, SamplingMethod.SOBOL, seed=0)
    with pytest.raises(SpaceError, match="expected a table of the space edge-small"):
        encode_table(Encoding(EDGE), table)


@pytest.mark.parametrize(("name", "wrong"), [("hidden", 17), ("hidden", 200), ("feed_forward", 9)])
def test_a_gene_that_is_no_choice_of_the_space_is_refused(name, wrong):
    table = sample_table(EDGE, 3, SamplingMethod.SOBOL, seed=0)
    array = getattr(table, name).copy()
    array[1, 0] = wrong
    with pytest.raises(SpaceError, match=f"{name} must be one of .* got {wrong}"):
        encode_table(Encoding(EDGE), dataclasses.replace(table, **{name: array}))
