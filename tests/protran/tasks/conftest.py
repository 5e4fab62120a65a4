"""Small files of windows."""

import numpy as np
import pytest


@pytest.fixture
def csv_file(tmp_path):
    """Nine recordings of 40 rows: three persons, two labels, two channels."""

    def write(rows=None, header="time,ax,ay,label,recording,person", name="moves.csv"):
        path = tmp_path / name
        if rows is None:
            rows = [
                f"{t},{np.sin(t) * (1 + r % 2):.4f},{r},{'walk' if r % 2 else 'run'},r{r},p{r % 3}"
                for r in range(18)
                for t in range(40)
            ]
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def npz_file(tmp_path):
    """Writes an NPZ of the given arrays."""

    def write(name="windows.npz", **arrays):
        path = tmp_path / name
        np.savez(path, **arrays)
        return path

    return write
