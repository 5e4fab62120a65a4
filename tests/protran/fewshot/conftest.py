"""A ledger, a small space, and tables of devices that are so many times slower than a rule."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from device_agents.workload import Workload
from protran.fewshot.history import Conditions
from protran.fewshot.imported_table import TableImport
from protran.fewshot.table_import import import_table
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Candidate
from search_spaces.cost import count
from search_spaces.genes import genes_of
from search_spaces.presets import BERT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space

CONDITIONS = Conditions(BERT_INPUT, Workload())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture(scope="session")
def space() -> DesignSpace:
    return load_space("flexibert-v2")


@pytest.fixture(scope="session")
def candidates(space: DesignSpace) -> list[Candidate]:
    return sample(space, 24, SamplingMethod.SOBOL, 5)


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[..., Path]:
    """Writes candidates with columns of values as a gzipped CSV."""

    def write(chosen: Sequence[Candidate], name: str = "board.csv.gz", **columns: Sequence[object]) -> Path:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["architecture", *columns])
        for candidate, *cells in zip(chosen, *columns.values(), strict=True):
            writer.writerow([json.dumps(candidate.architecture.to_json()), *cells])
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
        return path

    return write


@pytest.fixture
def imported(
    ledger: Ledger, space: DesignSpace, candidates: list[Candidate], write_table: Callable[..., Path]
) -> Callable[..., None]:
    """Imports a device whose latency is proportional to the arithmetic, with 2 % noise; wild ones are wrong."""

    def bring(name: str, factor: float = 1.0, wild: bool = False) -> None:
        macs = np.asarray(count(genes_of(candidates), BERT_INPUT).macs, dtype=np.float64)
        noise = np.random.default_rng(len(name)).normal(0.0, 2.0 if wild else 0.02, len(macs))
        path = write_table(candidates, f"{name}.csv.gz", latency_s=factor * 1e-9 * macs * np.exp(noise))
        import_table(ledger, TableImport(path, name, space, BERT_INPUT, Workload()))

    return bring
