"""Options of `protran study models` that are more than one word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protran.cli.study_models_options import data_options, models_of, numbers_of, parse_pairs
from protran.errors import InputError

LAYER = {"hidden": 8, "heads": ["sa_sdp"], "feed_forward": [16]}


def test_numbers_are_numbers_and_paths_and_columns_stay_texts() -> None:
    found = data_options(["top=20", "validation=0.2", "path=7", "text=1", "multi-label=true"])
    assert found == {"top": 20, "validation": 0.2, "path": "7", "text": "1", "multi_label": "true"}
    assert data_options(None) == {}


@pytest.mark.parametrize("texts", [["top"], ["=3"], ["top="]])
def test_what_is_not_a_pair_is_refused(texts: list[str]) -> None:
    with pytest.raises(InputError, match="--data-option must be NAME=VALUE, for example path=arxiv"):
        data_options(texts)


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(InputError, match="--weights a is given twice"):
        parse_pairs("--weights", ["a=x", "a=y"], "a=x")


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_pairs("--weights", ["a=x=y"], "a=x") == {"a": "x=y"}


def test_numbers_with_commas_are_read() -> None:
    assert numbers_of("--batches", "1, 2,4") == (1, 2, 4)
    assert numbers_of("--batches", "") == ()
    with pytest.raises(InputError, match="--batches must be whole numbers with commas between them, got '1,x'"):
        numbers_of("--batches", "1,x")


def test_a_file_is_a_model_that_goes_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"architecture": {"layers": [LAYER]}}))
    names, own = models_of(f"bert-tiny, {path}")
    assert names == ("bert-tiny", "mine")
    assert own["mine"].layers[0].hidden == 8


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "mine.json" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(json.dumps({"architecture": {"layers": [LAYER]}}))
    with pytest.raises(InputError, match=r"two files are named mine.json"):
        models_of(",".join(map(str, paths)))
