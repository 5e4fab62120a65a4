"""What devices measured before are worth to a new one: few rows of its own, with and without them.

    python -m benchmarks.transfer --tables FOLDER [--repeats 20] [--results FOLDER]

FOLDER holds the published tables in `hwgpt_s/` (space gpt-small; the clean devices are the targets, with 10 rows) and
`protran/` (space flexibert-v2, with 16 rows). Each target is learned from random or diverse rows without sources, with
the clean others of its folder, and with all others, `cpu_meta` among them. Splits are those of `protran surrogate
evaluate` with seed 0: a fifth of the rows is the test part. Spearman's correlation is compared with that of gradient
boosting trained on the whole training part, which is what the table's noise lets one attain. HW-GPT-Bench's sources
have measured the target's test candidates too, on their own hardware, as sources may.

An interrupted benchmark resumes: what the table has is not run again. Delete the table after a change of the model.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from torch import Tensor

from benchmarks.row_file import read_rows, write_rows
from device_agents.environment import machine_facts
from protran.evaluate.diverse_rows import diverse_order
from protran.evaluate.models import AUTO, TRANSFER, models_with
from protran.evaluate.sources import fit_sources
from protran.evaluate.splits import draw_split
from protran.evaluate.table_rows import INPUTS
from protran.features import FeatureMap
from protran.tables.measurement_table import MeasurementTable
from protran.tables.reading import read_table
from search_spaces.space import DesignSpace, load_space
from surrogates.stacked import StackedSurrogate
from surrogates.transfer import TransferSurrogate
from surrogates.transfer_source import SourceDevice, rank_correlation
from surrogates.validation import score

RESULTS = Path(__file__).parent / "results"
CONTAMINATED = "cpu_meta"
FEWEST_ROWS_OF_A_TARGET = 100
FOLDERS = {"hwgpt_s": ("gpt-small", 10), "protran": ("flexibert-v2", 16)}
"""Space and number of the new device's own rows."""
MODES = ("none", "clean", "all")
SEED = 0


@dataclass(frozen=True)
class Row:
    """How one target was predicted in one split; `attainable` is the reference's rank correlation."""

    folder: str
    device: str
    target: str
    probes: str
    sources: str
    repeat: int
    spearman: float
    attainable: float
    nmse: float
    mape: float
    coverage90: float
    dropped: str
    fit_s: float


@dataclass(frozen=True)
class Device:
    """A table as tensors: features, values and variances; and as a source for the others."""

    table: MeasurementTable
    x: Tensor
    y: Tensor
    y_var: Tensor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    path = arguments.results / "transfer.csv"
    rows = read_rows(Row, path)
    for folder, (space_name, count) in FOLDERS.items():
        space = load_space(space_name)
        paths = sorted((arguments.tables / folder).glob("*.csv.gz"))
        devices = {device.table.name: device for device in (load(path, space) for path in paths)}
        for name, device in devices.items():
            if name != CONTAMINATED and len(device.x) >= FEWEST_ROWS_OF_A_TARGET:
                for row in measure(folder, device, devices, count, arguments.repeats, rows):
                    rows.append(row)
                    write_rows(Row, rows, path)
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    summary = {"machine": facts, "seed": SEED, "repeats": arguments.repeats, "summaries": summarise(rows)}
    path.with_suffix(".json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(as_markdown(rows))


def load(path: Path, space: DesignSpace) -> Device:
    table = read_table(path, space)
    features = FeatureMap(space, INPUTS[space.family])
    x = features.of_candidates(table.candidates)[:, features.columns(features.hardware_names)]
    return Device(table, x, torch.as_tensor(table.values), torch.as_tensor(table.variances))


def measure(
    folder: str, device: Device, devices: dict[str, Device], count: int, repeats: int, known: list[Row]
) -> Iterator[Row]:
    """Yields the rows of one target device that are not known yet."""
    name, targets = device.table.name, device.table.targets
    done = {(row.device, row.probes, row.sources, row.repeat) for row in known if row.folder == folder}
    others = [other for other in devices.values() if other is not device]
    by_table = {id(other.table): (other.x, other.y, other.y_var) for other in others}
    modes = MODES if CONTAMINATED in devices else MODES[:2]
    missing = [
        (repeat, mode, probes)
        for repeat in range(repeats)
        for probes in ("random", "diverse")
        for mode in modes
        if (name, probes, mode, repeat) not in done
    ]
    if not missing:
        return
    sources = fit_sources([other.table for other in others], targets, lambda table: by_table[id(table)])
    chosen = {
        "none": (),
        "clean": tuple(source for source in sources if source.name != CONTAMINATED),
        "all": sources,
    }
    attainable: dict[int, list[float]] = {}
    for repeat, mode, probes in missing:
        split = draw_split(len(device.x), 0.2, SEED, repeat)
        train, test = torch.as_tensor(split.train), torch.as_tensor(split.test)
        if repeat not in attainable:
            attainable[repeat] = reference(device, train, test)
        own = train[diverse_order(device.x[train])] if probes == "diverse" else train
        found = run(device, own[:count], test, chosen[mode])
        for target, best, values in zip(targets, attainable[repeat], found, strict=True):
            yield Row(folder, name, target, probes, mode, repeat, attainable=best, **values)
        print(f"{name}, {probes} rows, sources {mode}, split {repeat + 1}", file=sys.stderr, flush=True)


def run(device: Device, train: Tensor, test: Tensor, sources: tuple[SourceDevice, ...]) -> list[dict[str, object]]:
    """Returns what one fit makes of each target."""
    surrogate = models_with(sources, SEED)[AUTO]()
    began_s = time.perf_counter()
    surrogate.fit(device.x[train], device.y[train], device.y_var[train])
    fit_s = time.perf_counter() - began_s
    with torch.no_grad():
        prediction = surrogate.predict(device.x[test])
    y = device.y[test]
    squared = (prediction.median - y).square().mean(0) / device.y.amax(0).square()
    transfer = surrogate.member(TRANSFER) if isinstance(surrogate, StackedSurrogate) else None
    dropped = transfer.dropped if isinstance(transfer, TransferSurrogate) else ()
    return [
        {
            "spearman": rank_correlation(prediction.median[:, output], y[:, output]),
            "nmse": float(squared[output]),
            "mape": metrics.mape,
            "coverage90": metrics.coverage90,
            "dropped": "; ".join(f"{out.source}: {out.reason}" for out in dropped if out.output == output),
            "fit_s": fit_s,
        }
        for output, metrics in enumerate(score(prediction, y))
    ]


def reference(device: Device, train: Tensor, test: Tensor) -> list[float]:
    """Returns the rank correlation of gradient boosting trained on the whole training part, by target."""
    found = []
    for output in range(device.y.shape[1]):
        model = boosting()
        model.fit(device.x[train].numpy(), device.y[train, output].log().numpy())
        guess = torch.as_tensor(model.predict(device.x[test].numpy()))
        found.append(rank_correlation(guess, device.y[test, output]))
    return found


def boosting() -> HistGradientBoostingRegressor:
    """Returns the reference, to be trained on logarithms of thousands of rows."""
    return HistGradientBoostingRegressor(max_iter=200, learning_rate=0.05, max_leaf_nodes=15, random_state=SEED)


def summarise(rows: list[Row]) -> list[dict[str, object]]:
    """Returns medians over the splits by device, target, probes and sources."""
    keys = dict.fromkeys((row.folder, row.device, row.target, row.probes, row.sources) for row in rows)
    return [summarise_one(key, [row for row in rows if key_of(row) == key]) for key in keys]


def key_of(row: Row) -> tuple[str, ...]:
    return (row.folder, row.device, row.target, row.probes, row.sources)


def summarise_one(key: tuple[str, ...], own: list[Row]) -> dict[str, object]:
    shares = sorted(row.spearman / row.attainable for row in own)
    return {
        **dict(zip(("folder", "device", "target", "probes", "sources"), key, strict=True)),
        "splits": len(own),
        "spearman": statistics.median(row.spearman for row in own),
        "share_of_attainable": statistics.median(shares),
        "least_share": shares[0],
        **{name: statistics.median(getattr(row, name) for row in own) for name in ("nmse", "mape", "coverage90")},
        "fit_s": statistics.median(row.fit_s for row in own),
        "cpu_meta_named": statistics.fmean(f"{CONTAMINATED}: contaminated" in row.dropped for row in own),
    }


def as_markdown(rows: list[Row]) -> str:
    lines = [
        "| device | target | rows | sources | Spearman | of attainable | least | nMSE | MAPE | coverage | named |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {s['device']} | {s['target']} | {s['probes']} | {s['sources']} | {s['spearman']:.4f} "
        f"| {s['share_of_attainable']:.4f} | {s['least_share']:.3f} | {s['nmse']:.5f} | {s['mape']:.1%} "
        f"| {s['coverage90']:.0%} | {s['cpu_meta_named']:.0%} |"
        for s in summarise(rows)
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
