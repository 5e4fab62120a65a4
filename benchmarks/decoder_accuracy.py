"""How exact surrogates are with 8 to 100 rows of one device, beside gradient boosting that has seen 8,000.

    python -m benchmarks.decoder_accuracy --tables FOLDER [--repeats 10] [--seed 0] [--results FOLDER]

`FOLDER` holds tables of decoders of the space gpt-small, `*.csv.gz`, as `protran surrogate evaluate` reads them; a
device whose measurements do not agree with themselves (`cpu_meta`) is left out. For each random split, a fifth of the
rows is held out; `auto` and `gp` learn from 8 to 100 of the others, the reference from all of them: scikit-learn's
histogram gradient boosting of the logarithm, on the same counted costs. Reported are medians over splits of squared and
relative errors over the reference's, and the share of the measurements that 90 % intervals hold (mean over splits).

An interrupted benchmark resumes: splits that the table of results has are not run again. Delete it after a change.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.surrogate_scores import TEST_FRACTION, Score, cells, mean, median, quartiles, resumed, scores_of_split
from benchmarks.transfer import boosting
from device_agents.environment import machine_facts
from protran.evaluate.splits import draw_split
from protran.evaluate.table_rows import TableRows
from protran.tables.measurement_table import MeasurementTable
from protran.tables.reading import read_table
from search_spaces.space import DesignSpace, load_space

RESULTS = Path(__file__).parent / "results"
SPACE = "gpt-small"
CONTAMINATED = "cpu_meta"
MODELS, SIZES = ("auto", "gp"), ("8", "20", "32", "64", "100")
REFERENCE, ALL = "boosting", "1.0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    space, path = load_space(SPACE), arguments.results / "decoder_accuracy.csv"
    tables = {table.name: table for table in (read_table(f, space) for f in sorted(arguments.tables.glob("*.csv.gz")))}

    def run(name: str, repeat: int) -> Iterator[Score]:
        plans = [(model, SIZES, ()) for model in MODELS]
        yield from scores_of_split(tables[name], space, plans, arguments.seed, repeat)
        yield from reference(tables[name], space, arguments.seed, repeat)

    judged = [name for name in tables if name != CONTAMINATED]
    scores = resumed(path, [(name, repeat) for repeat in range(arguments.repeats) for name in judged], run)
    summary = summarise(scores)
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    command = f"python -m benchmarks.decoder_accuracy --repeats {arguments.repeats} --seed {arguments.seed}"
    content = {"command": command, "machine": facts, "summary": summary}
    path.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(as_markdown(summary, arguments.repeats, arguments.seed))


def reference(table: MeasurementTable, space: DesignSpace, seed: int, repeat: int) -> Iterator[Score]:
    """Yields the scores of gradient boosting on the whole training part of the split that `evaluate` draws."""
    rows, split = TableRows.of(table, space), draw_split(len(table.candidates), TEST_FRACTION, seed + repeat, 0)
    train, test = torch.as_tensor(split.train), torch.as_tensor(split.test)
    for output, measure in enumerate(table.targets):
        y = rows.y[:, output]
        known, judged = train[y[train].isfinite()], test[y[test].isfinite()]
        model = boosting().fit(rows.x[known].numpy(), y[known].log().numpy())
        mean_of = torch.from_numpy(model.predict(rows.x[judged].numpy())).exp()
        error = (mean_of - y[judged]).abs()
        nmse = float(error.square().mean() / rows.largest[output].square())
        mape = float((error / y[judged]).mean())
        yield Score(table.name, repeat, REFERENCE, ALL, measure, nmse, mape, float("nan"), float("nan"))


def summarise(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Returns one entry per table, model, training size and measure."""
    found = cells(scores)
    entries = []
    for (table, model, train, measure), own in found.items():
        best = found[table, REFERENCE, ALL, measure]
        entries.append(
            {
                "table": table,
                "model": model,
                "train": train,
                "measure": measure,
                **{f"median_{name}": median(own, name) for name in ("nmse", "mape")},
                **{f"quartiles_{name}": quartiles(own, name) for name in ("nmse", "mape")},
                **{f"{name}_to_reference": median(own, name) / median(best, name) for name in ("nmse", "mape")},
                "mean_coverage90": None if model == REFERENCE else mean(own, "coverage90"),
            }
        )
    return entries


def as_markdown(summary: list[dict[str, Any]], repeats: int, seed: int) -> str:
    """Returns the entries in Markdown."""
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {repeats} splits, seeds {seed} to "
        f"{seed + repeats - 1}. Medians over splits; nMSE and MAPE also as ratios to boosting on all training rows.",
        "",
        "| table | measure | model | rows | MAPE, % | to boosting | nMSE to boosting | coverage, % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in sorted(summary, key=lambda entry: (entry["table"], entry["measure"], entry["model"])):
        coverage = "" if entry["mean_coverage90"] is None else f"{100 * entry['mean_coverage90']:.0f}"
        rows = "all" if entry["train"] == ALL else entry["train"]
        lines.append(
            f"| {entry['table']} | {entry['measure']} | {entry['model']} | {rows} | "
            f"{100 * entry['median_mape']:.1f} | {entry['mape_to_reference']:.2f} | "
            f"{entry['nmse_to_reference']:.2f} | {coverage} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
