"""A small table of decoders whose values follow from their size."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest

from protran.benchmark.judge import Judge
from protran.benchmark.pool import PooledTable, read_pool
from search_spaces.candidate import Candidate
from search_spaces.cost import count
from search_spaces.genes import genes_of
from search_spaces.presets import GPT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space

ROWS = 40
OBJECTIVES = ("perplexity", "latency_s", "energy_j", "peak_power_w")


@pytest.fixture(scope="session")
def space() -> DesignSpace:
    return load_space("gpt-small")


def cell(candidate: Candidate) -> str:
    """Returns the architecture as a published table writes it."""
    layers = [
        {"heads": len(layer.heads), "mlp_ratio": layer.feed_forward[0] // layer.hidden}
        for layer in candidate.architecture.layers
    ]
    first = candidate.architecture.layers[0]
    return json.dumps({"embed_dim": first.hidden, "bias": candidate.architecture.bias, "layers": layers})


@pytest.fixture(scope="session")
def table_file(space: DesignSpace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty decoders: large ones are slow and good; measured values have noise, smooth ones have none."""
    candidates = sample(space, ROWS, SamplingMethod.SOBOL, 1)
    macs = np.asarray(count(genes_of(candidates), GPT_INPUT).macs, dtype=np.float64)
    depth = np.array([len(candidate.architecture.layers) for candidate in candidates])
    size = macs / macs.max()
    smooth = np.stack([20.0 / size**0.2, 0.01 * depth * size**0.5, 2.0 * size, 100.0 + 20.0 * size * depth], axis=-1)
    observed = smooth * np.exp(np.random.default_rng(0).normal(0.0, [0.001, 0.02, 0.05, 0.1], smooth.shape))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["architecture", *OBJECTIVES, *(f"{name}_smooth" for name in OBJECTIVES)])
    for candidate, noisy, clean in zip(candidates, observed.tolist(), smooth.tolist(), strict=True):
        writer.writerow([cell(candidate), *noisy, *clean])
    path = tmp_path_factory.mktemp("pools") / "board.csv.gz"
    path.write_bytes(gzip.compress(text.getvalue().encode()))
    return path


@pytest.fixture(scope="session")
def table(table_file: Path, space: DesignSpace) -> PooledTable:
    return read_pool(table_file, space, OBJECTIVES)


@pytest.fixture(scope="session")
def judge(table: PooledTable) -> Judge:
    return Judge(table.smooth)
