from __future__ import annotations

import numpy as np

from protran.benchmark.methods.gene_choices import SHARES, genes_of_space, point_of
from protran.benchmark.pool import PooledTable
from search_spaces.encoding import Encoding
from search_spaces.space import DesignSpace, load_space


def test_decoders_have_a_gene_per_choice_and_none_where_there_is_no_choice(space: DesignSpace) -> None:
    counts = {gene.name: gene.count for gene in genes_of_space(space)}
    assert counts["depth"] == counts["layer1.hidden"] == counts["layer12.heads"] == 3
    assert (counts["bias"], counts["layer1.size1"]) == (2, 7)
    assert not {"deployment", "layer1.stacks", "layer1.kind.sa_sdp"} & set(counts)
    assert len(counts) == 1 + 1 + 12 * 2 + 1


def test_kinds_of_heads_are_shares() -> None:
    kinds = [gene.count for gene in genes_of_space(load_space("flexibert-v2")) if ".kind." in gene.name]
    assert kinds
    assert set(kinds) == {SHARES}


def test_the_choices_of_a_row_are_the_place_of_that_row(table: PooledTable, space: DesignSpace) -> None:
    genes, row = genes_of_space(space), table.pool.points[7]
    chosen = {gene.name: round(row[gene.coordinate] * (gene.count - 1)) for gene in genes}
    np.testing.assert_array_equal(point_of(Encoding(space), genes, chosen), row)
