from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from protran.cli.front_table import architecture_pairs, caption, front_table

Maker = Callable[..., dict[str, Any]]


def rendered(document: dict[str, Any], width: int = 160, **options: Any) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, markup=False).print(front_table(document, width=width, **options))
    return stream.getvalue()


def test_each_value_has_its_error_and_each_column_its_unit(front_document: Maker) -> None:
    text = rendered(front_document())
    assert "1.000 ± 0.020" in text
    assert "30.0 ± 1.2" in text
    for words in ("error", "%", "latency", "ms", "memory", "kB", "(test error)"):
        assert words in text


def test_the_caption_says_the_provenance_that_a_column_shares(front_document: Maker) -> None:
    assert "error scored, latency measured-counter, memory exact" in caption(front_document())


def test_the_candidate_that_is_best_by_the_first_objective_is_first(front_document: Maker) -> None:
    document = front_document(3)
    rows = [line for line in rendered(document).splitlines() if "layer" in line]
    assert rows[0].split()[0] == document["candidates"][2]["key"][:8]


def test_only_so_many_rows_are_shown(front_document: Maker) -> None:
    assert rendered(front_document(5), limit=2).count("1 layer") == 2


def test_a_mixed_column_says_the_provenance_cell_by_cell(front_document: Maker) -> None:
    document = front_document()
    document["candidates"][0]["values"]["latency_s"]["provenance"] = "predicted"
    assert "(predicted)" in rendered(document)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(front_document: Maker, width: int) -> None:
    assert max(map(len, rendered(front_document(), width).splitlines())) <= width


def test_a_narrow_terminal_wraps_the_values_and_loses_none(front_document: Maker) -> None:
    text = rendered(front_document(), 50)
    assert "…" not in text
    assert all(number in text for number in ("24.0", "1.2", "1.000", "0.020"))


def test_architectures_have_their_own_lines_where_the_table_has_no_room(front_document: Maker) -> None:
    document = front_document(2)
    assert "1 layer" in rendered(document, 160)
    assert "1 layer" not in rendered(document, 80)
    assert architecture_pairs(document)[0][1].startswith("1 layer 16")


def test_a_key_with_markup_and_controls_is_shown_as_it_is(front_document: Maker) -> None:
    document = front_document(1)
    document["candidates"][0]["key"] = "[red]\x1b[2J"
    assert "[red]\\x1" in rendered(document)


def test_the_caption_says_that_test_errors_choose_nothing(front_document: Maker) -> None:
    document = front_document()
    assert "only reported" in caption(document)
    for candidate in document["candidates"]:
        del candidate["values"]["test_error"]
    assert "only reported" not in caption(document)
