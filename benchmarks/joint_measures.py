"""Whether energy is learned better together with latency: as average power times latency.

    python -m benchmarks.joint_measures --tables FOLDER [--repeats 20] [--results FOLDER]

`FOLDER` holds the published tables in `protran/` (space flexibert-v2) and `hwgpt_s/` (space gpt-small). Some rows have
energy and latency, some more latency alone. Reported is the squared error of energy of the joint model over that of a
process for energy itself, both fitted to the same rows and judged on the same held-out fifth: median over splits.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from device_agents.environment import machine_facts
from protran.evaluate.models import ENERGY, GP, JOINT, LATENCY, models_with
from protran.evaluate.splits import draw_split
from protran.evaluate.table_rows import TableRows
from protran.tables.reading import read_table
from search_spaces.space import DesignSpace, load_space

RESULTS = Path(__file__).parent / "results"
FOLDERS = {"protran": "flexibert-v2", "hwgpt_s": "gpt-small"}
LEFT_OUT = ("npu_ncs_b1_r1", "cpu_meta")  # too small; contaminated
CASES = ((8, 8), (16, 16), (32, 32), (64, 64), (8, 48), (16, 64))
MOST_JUDGED = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cells = [
        cell
        for folder, space in FOLDERS.items()
        for path in sorted((arguments.tables / folder).glob("*.csv.gz"))
        if path.name.split(".")[0] not in LEFT_OUT
        for cell in measure(path, load_space(space), arguments.repeats)
    ]
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    command = f"python -m benchmarks.joint_measures --repeats {arguments.repeats}"
    text = json.dumps({"command": command, "machine": facts, "cells": cells}, indent=1) + "\n"
    (arguments.results / "joint_measures.json").write_text(text, encoding="utf-8")
    print(as_markdown(cells, arguments.repeats))


def measure(path: Path, space: DesignSpace, repeats: int) -> Iterator[dict[str, Any]]:
    """Yields one entry per case."""
    table = read_table(path, space)
    rows, models = TableRows.of(table, space), models_with((), 0, table.targets)
    energy, latency = table.targets.index(ENERGY), table.targets.index(LATENCY)
    for both, latencies in CASES:
        errors: dict[str, list[float]] = {GP: [], JOINT: []}
        for repeat in range(repeats):
            split = draw_split(len(rows.x), 0.2, 0, repeat)
            train, test = torch.as_tensor(split.train[:latencies]), torch.as_tensor(split.test[:MOST_JUDGED])
            y, y_var = rows.y[train].clone(), rows.y_var[train].clone()
            y[both:, energy] = y_var[both:, energy] = torch.nan
            for name, own in errors.items():
                surrogate = models[name]()
                surrogate.fit(rows.x[train], y[:, [energy, latency]] if name == GP else y, None)
                mean = surrogate.predict(rows.x[test]).mean.detach()[:, 0 if name == GP else energy]
                own.append(float((mean - rows.y[test][:, energy]).square().nanmean() / rows.largest[energy].square()))
        ratios = [joint / alone for joint, alone in zip(errors[JOINT], errors[GP], strict=True)]
        yield {
            "table": table.name,
            "rows_with_energy": both,
            "rows_with_latency": latencies,
            "nmse_alone": statistics.median(errors[GP]),
            "nmse_joint": statistics.median(errors[JOINT]),
            "median_ratio": statistics.median(ratios),
            "quartiles_ratio": [float(value) for value in np.quantile(ratios, (0.25, 0.75))],
        }


def as_markdown(cells: list[dict[str, Any]], repeats: int) -> str:
    """Returns the entries in Markdown."""
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {repeats} splits, seed 0; quartiles in brackets.",
        "",
        "| table | rows with energy | with latency | nMSE of energy alone | joint over alone |",
        "|---|---|---|---|---|",
    ]
    for cell in cells:
        low, high = cell["quartiles_ratio"]
        lines.append(
            f"| {cell['table']} | {cell['rows_with_energy']} | {cell['rows_with_latency']} | "
            f"{cell['nmse_alone']:.5f} | {cell['median_ratio']:.2f} ({low:.2f} to {high:.2f}) |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
