"""What the calibration of a device found, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from protran.cli.terminal import harmless
from protran.report.plural import how_many

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_EXPLAINED = """
Median relative errors in %, in brackets a 90 % interval. Probes, before: of predictions without them; after: of each
probe from all others, an upper limit rather, since probes are chosen to be unlike each other. Space: what the belief
expects of itself against one new measurement; the interval holds 90 % of the candidates.
"""


_EXPLAINED_CHECKS = """
Median relative errors in %, in brackets a 90 % interval. Checks: of predictions of random candidates that nothing was
learned from. Space: what the belief expects of itself against one new measurement; the interval holds 90 % of the
candidates.
"""


def print_calibration(console: Console, document: Mapping[str, Any]) -> None:
    """Prints the errors of each measure before and after, the sources, and what failed."""
    console.print(_title(document), soft_wrap=True)
    console.print()
    console.print(_table(document))
    console.print()
    explained = _EXPLAINED_CHECKS if document["checks"]["chosen"] else _EXPLAINED
    for line in (*_sources(document), *_failures(document), *explained.strip().splitlines()):
        console.print(harmless(line), soft_wrap=True)


def _title(document: Mapping[str, Any]) -> str:
    probes, batch = document["probes"], document["workload"].get("batch_size", 1)
    checks = document["checks"]
    known_before = probes["known_before"] + checks["known_before"]
    known = f", {known_before} of them known before" if known_before else ""
    judges = f", {checks['measured']} of {how_many(checks['chosen'], 'check')}" if checks["chosen"] else ""
    return harmless(
        f"{document['device']}, {document['space']}, length {document['input_spec']['length']}, batch {batch}: "
        f"{probes['measured']} of {how_many(probes['chosen'], 'probe')}{judges} measured{known}"
    )


def _table(document: Mapping[str, Any]) -> Table:
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    shown.add_column("", no_wrap=True)
    checked = bool(document["checks"]["chosen"])
    judge, seen = ("checks", ("on_checks", "on_checks")) if checked else ("probes", ("on_probes", "leave_one_out"))
    for heading in (f"{judge},\nbefore", f"{judge},\nafter", "space,\nbefore", "space,\nafter"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for measure in document["measures"]:
        shown.add_row(measure["name"], *_cells(measure, seen))
    return shown


def _cells(measure: Mapping[str, Any], seen: tuple[str, str]) -> list[str]:
    if measure["status"] in ("unavailable", "not measured", "counted"):
        return [measure["status"], "", "", ""]
    before, after = measure["before"], measure["after"]
    return [
        _cell(before[seen[0]]),
        _cell(after[seen[1]]),
        _cell(before["over_space"]),
        _cell(after["over_space"]),
    ]


def _cell(error: Mapping[str, Any] | None) -> str:
    if error is None:
        return "unknown"
    interval = "" if error["low"] is None else f" ({_percent(error['low'])}-{_percent(error['high'])})"
    return f"{_percent(error['median'])}{interval}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share < 0.1 else f"{100 * share:.0f}"


def _sources(document: Mapping[str, Any]) -> Iterator[str]:
    """Yields, for each measure, which sources it uses with what weight, and which were dropped, and why."""
    for measure in document["measures"]:
        if measure["status"] == "counted":
            continue
        if measure["reason"]:
            yield f"{measure['name']}: {measure['reason']}"
        used = [f"{source['source']} ({source['weight']:.2f})" for source in measure["sources"] if source["used"]]
        if (rank := measure["before"].get("rank_correlation")) is not None:
            yield f"{measure['name']}: before, the sources alone rank the probes with a correlation of {rank:.2f}"
        if measure["status"] == "calibrated":
            yield f"{measure['name']}: learned from {', '.join(used) if used else 'its own rows alone'}"
        for source in measure["sources"]:
            if not source["used"]:
                yield f"{measure['name']}: dropped {source['source']}: {source['dropped']}"


def _failures(document: Mapping[str, Any]) -> Iterator[str]:
    for row in (*document["probes"]["rows"], *document["checks"]["rows"]):
        if row["status"] != "ok":
            yield f"candidate {row['key'][:8]} {row['status']}: {row['reason']}"
