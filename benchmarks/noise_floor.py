"""How far below which no surrogate can get: the scatter of published measurements, estimated in three ways.

    python -m benchmarks.noise_floor --tables FOLDER [--results FOLDER]

`FOLDER` holds the published tables in `hwgpt_s/` (space gpt-small) and `protran/` (space flexibert-v2). For each
measure, standard deviations of one table value relative to itself (of its logarithm):

    stated      median of what the table says: std over the square root of the repeats
    neighbours  the Gamma test: half the mean squared difference of a row to its p-th nearest neighbour, p = 1 to 10,
                drawn against the squared distance; where the line meets distance 0 only noise is left. Features are
                counted costs, so what they cannot see counts as noise.
    process     what a Gaussian process learns as noise from all rows (at most 1,000)

and from the last two the squared error over the table's squared maximum that a perfect surrogate would have.

Source: A. Stefansson, N. Koncar, A. J. Jones, "A Note on the Gamma Test", Neural Computing & Applications 5, 1997.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from device_agents.environment import machine_facts
from protran.evaluate.models import GP, MODELS
from protran.evaluate.table_rows import TableRows
from protran.tables.reading import read_table
from search_spaces.space import load_space
from surrogates.transforms import FeatureScaler

RESULTS = Path(__file__).parent / "results"
FOLDERS = {"protran": "flexibert-v2", "hwgpt_s": "gpt-small"}
NEIGHBOURS, MOST_ROWS = 10, 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    floors = [
        floor
        for folder, space in FOLDERS.items()
        for path in sorted((arguments.tables / folder).glob("*.csv.gz"))
        for floor in floors_of(path, space)
    ]
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    content = {"command": "python -m benchmarks.noise_floor", "machine": facts, "floors": floors}
    text = json.dumps(content, indent=1) + "\n"
    (arguments.results / "noise_floor.json").write_text(text, encoding="utf-8")
    print(as_markdown(floors))


def floors_of(path: Path, space_name: str) -> list[dict[str, Any]]:
    """Returns the floors of each measure of a table."""
    space = load_space(space_name)
    table = read_table(path, space)
    rows = TableRows.of(table, space)
    used = torch.arange(0, len(rows.x), math.ceil(len(rows.x) / MOST_ROWS))
    surrogate = MODELS[GP]()
    surrogate.fit(rows.x[used], rows.y[used], rows.y_var[used])
    with torch.no_grad():
        prediction = surrogate.predict(rows.x[used])
    scaler, floors = FeatureScaler.fit(rows.x), []
    for output, measure in enumerate(table.targets):
        y, mean = rows.y[:, output], prediction.mean[:, output]
        stated = (rows.y_var[:, output].sqrt() / y).nanmedian().item()
        near = math.sqrt(gamma(scaler(rows.x), y.log()))
        learned = math.sqrt(float((prediction.aleatoric_var[:, output] / mean.square()).median()))
        share = float(y.square().nanmean() / rows.largest[output].square())
        floors.append(
            {
                "table": table.name,
                "measure": measure,
                "stated": stated if math.isfinite(stated) else None,
                "neighbours": near,
                "process": learned,
                "nmse_of_neighbours": near**2 * share,
                "nmse_of_process": learned**2 * share,
            }
        )
    return floors


def gamma(x: Tensor, y: Tensor) -> float:
    """Returns the variance of the noise of `y: n` at features `x: n x k`, NaN values left out; 0 where below it."""
    there = y.isfinite()
    x, y = x[there], y[there]
    asked = torch.arange(0, len(x), math.ceil(len(x) / (2 * MOST_ROWS)))
    distance = torch.cdist(x[asked], x)
    distance[torch.arange(len(asked)), asked] = math.inf
    near = distance.topk(NEIGHBOURS, largest=False)
    squared = near.values.square().mean(0).numpy()
    halves = 0.5 * (y[near.indices] - y[asked].unsqueeze(-1)).square().mean(0).numpy()
    _, intercept = np.polyfit(squared, halves, 1)
    return max(float(intercept), 0.0)


def as_markdown(floors: list[dict[str, Any]]) -> str:
    """Returns the floors in Markdown."""
    lines = [
        "| table | measure | stated, % | neighbours, % | process, % | nMSE, neighbours | nMSE, process |",
        "|---|---|---|---|---|---|---|",
    ]
    for floor in floors:
        parts = [floor["stated"], floor["neighbours"], floor["process"]]
        shown = " | ".join("" if part is None else f"{100 * part:.1f}" for part in parts)
        errors = f"{floor['nmse_of_neighbours']:.1e} | {floor['nmse_of_process']:.1e}"
        lines.append(f"| {floor['table']} | {floor['measure']} | {shown} | {errors} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
