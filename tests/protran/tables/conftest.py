"""A small design space, and tables that a test writes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from search_spaces.space import DesignSpace, load_space

ENCODER = {"layers": [{"hidden": 128, "heads": ["sa_sdp", "c_5"], "feed_forward": [256]}] * 2}


@pytest.fixture(scope="session")
def flexibert() -> DesignSpace:
    return load_space("flexibert-v2")


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows (cells by column) as a gzipped CSV; an absent architecture is a small encoder."""

    def write(rows: Sequence[Mapping[str, Any]], name: str = "device.csv.gz") -> Path:
        full = [{"architecture": json.dumps(ENCODER), **row} for row in rows]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(full[0]))
        writer.writeheader()
        writer.writerows(full)
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.getvalue().encode()))
        return path

    return write
