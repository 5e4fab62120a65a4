from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from protran.errors import InputError
from protran.tables.reading import read_table
from search_spaces.space import DesignSpace, load_space

Write = Callable[..., Path]


def test_usual_targets_are_read_in_their_order_and_other_columns_left_alone(
    write_table: Write, flexibert: DesignSpace
) -> None:
    path = write_table([{"energy_j": 2.5, "note": "x", "latency_s": 0.5}, {"energy_j": 3, "note": "", "latency_s": 1}])
    table = read_table(path, flexibert)
    assert (table.name, table.targets) == ("device", ("latency_s", "energy_j"))
    assert table.values.tolist() == [[0.5, 2.5], [1.0, 3.0]]
    assert np.isnan(table.variances).all()
    assert all(flexibert.contains(candidate) for candidate in table.candidates)


def test_a_table_need_not_be_gzipped(write_table: Write, flexibert: DesignSpace, tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_bytes(gzip.decompress(write_table([{"latency_s": 0.5}]).read_bytes()))
    assert read_table(plain, flexibert).values.tolist() == [[0.5]]


def test_decoders_are_read_into_the_space_of_their_table(write_table: Write) -> None:
    layers = [{"heads": 4 * (1 + place % 3), "mlp_ratio": 2 + place % 3} for place in range(10)]
    cell = json.dumps({"embed_dim": 384, "bias": True, "layers": layers})
    table = read_table(write_table([{"architecture": cell, "latency_s": 1.0}]), load_space("gpt-small"))
    assert [layer.feed_forward[0] for layer in table.candidates[0].architecture.layers[:3]] == [768, 1152, 1536]


def test_repeats_give_the_variance_of_their_mean(write_table: Write, flexibert: DesignSpace) -> None:
    row = {"latency_s": 1.0, "latency_s_std": 0.2, "latency_repeats": 10.0, "energy_j": 2.0, "energy_j_std": 0.1}
    (variances,) = read_table(write_table([row]), flexibert).variances.tolist()
    assert variances[0] == pytest.approx(0.004)
    assert math.isnan(variances[1])  # of how many repeats the deviation is, nobody says


def test_empty_cells_are_missing_values(write_table: Write, flexibert: DesignSpace) -> None:
    values = read_table(write_table([{"latency_s": 1.0}, {"latency_s": " "}]), flexibert).values
    assert np.isnan(values).tolist() == [[False], [True]]


@pytest.mark.parametrize("cell", ["0", "-1", "inf", "nan", "fast"])
def test_a_value_that_no_measurement_has_is_refused_with_its_line(
    write_table: Write, flexibert: DesignSpace, cell: str
) -> None:
    path = write_table([{"latency_s": 1.0}, {"latency_s": cell}])
    with pytest.raises(InputError, match=rf"device\.csv\.gz:3: column 'latency_s' holds {re.escape(repr(cell))}"):
        read_table(path, flexibert)


def test_the_first_architecture_outside_the_space_is_named_with_the_reason(
    write_table: Write, flexibert: DesignSpace
) -> None:
    strange = {"layers": [{"hidden": 96, "heads": ["sa_sdp", "c_5"], "feed_forward": [256]}] * 2}
    path = write_table([{"latency_s": 1.0}, {"architecture": json.dumps(strange), "latency_s": 2.0}])
    with pytest.raises(InputError, match=r"gz:3: the architecture is not in flexibert-v2: layer 1: hidden must be one"):
        read_table(path, flexibert)


def test_a_damaged_architecture_is_refused_with_its_line(write_table: Write, flexibert: DesignSpace) -> None:
    with pytest.raises(InputError, match=r"gz:2: architecture: expected JSON"):
        read_table(write_table([{"architecture": "{", "latency_s": 1.0}]), flexibert)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a column 'architecture', got columns without names"),
        ("architecture,speed\n", "expected a column latency_s or energy_j or peak_power_w, got columns"),
        ("latency_s\n1\n", "expected a column 'architecture', got columns latency_s"),
        ("architecture,latency_s\n", "expected rows below the header"),
        ("architecture,latency_s,latency_s\n", r"csv:1: .* two of one name"),
        ("architecture,latency_s\n{},1,2\n", r"csv:2: expected 2 values as in the header, got 3"),
        ("architecture,latency_s\n" + "x" * 200_000 + ",1\n", r"csv:2: expected comma-separated values"),
    ],
)
def test_a_file_that_is_no_table_is_refused(text: str, words: str, flexibert: DesignSpace, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_table(path, flexibert)


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b", b"\x1f\x8b\x08" + bytes(40), gzip.compress(b"a,b\n" * 99, mtime=0)[:-12]]
)
def test_a_damaged_archive_is_refused(content: bytes, flexibert: DesignSpace, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected a gzipped CSV file, got a damaged one"):
        read_table(path, flexibert)


def test_bytes_that_are_no_text_are_refused(flexibert: DesignSpace, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="in UTF-8"):
        read_table(path, flexibert)


def test_a_file_that_is_not_there_is_refused(flexibert: DesignSpace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_table(tmp_path / "none.csv.gz", flexibert)


@pytest.mark.parametrize(
    ("targets", "words"), [(["speed"], "expected a column 'speed'"), (["architecture"], "targets that are numbers")]
)
def test_targets_that_are_no_values_are_refused(
    write_table: Write, flexibert: DesignSpace, targets: list[str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_table(write_table([{"latency_s": 1.0}]), flexibert, targets)
