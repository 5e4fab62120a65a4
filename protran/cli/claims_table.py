"""Claims as tables: for a terminal, as Markdown, as CSV. Reads the JSON document of the claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from protran.cli.terminal import harmless, print_pairs

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Document = Mapping[str, Any]
"""Claims as `Claims.to_json` writes them."""

LABELS = {
    "error": "error",
    "test_error": "(test error)",
    "latency_s": "latency",
    "energy_j": "energy",
    "peak_power_w": "peak power",
    "memory_bytes": "memory",
    "parameters": "parameters",
    "weight_bytes": "size of weights",
}
_KEY = 8
_DIFFERENCES = {"error": "difference", "test_error": "test_difference"}


def print_claims(console: Console, document: Document) -> None:
    """Prints the table, the sentences, what they mean, and what else there is to know."""
    reference = document["reference"]
    console.print(
        f"Claims of {harmless(document['campaign'])} against {harmless(reference['name'])} on "
        f"{harmless(document['device'])}, {100 * document['confidence']:g} %",
        style="bold",
    )
    console.print(_table(document))
    print_pairs(console, _models(document))
    console.print()
    for claim in document["claims"]:
        console.print(f"- {harmless(claim['sentence'])}")
    console.print()
    for sentence in document["rule"]:
        console.print(harmless(sentence), style="dim")
    for note in document["notes"]:
        console.print(f"note: {harmless(note)}")


def markdown(document: Document) -> str:
    """Returns the same as Markdown."""
    heads, rows = _cells(document)
    lines = [_pipes([" ".join(head) for head in heads]), _pipes(["---"] * len(heads))]
    lines += [_pipes([", ".join(cell) for cell in row]) for row in rows]
    lines += ["", *(f"- {harmless(claim['sentence'])}" for claim in document["claims"])]
    lines += ["", *(f"- `{key}`: {harmless(line)}" for key, line in _models(document))]
    lines += ["", *(f"- {harmless(text)}" for text in (*document["rule"], *document["notes"]))]
    return "\n".join(lines)


def csv_rows(document: Document) -> Iterator[list[object]]:
    """Yields the head and a row for each claim and value: both sides in SI units, ratio or difference, provenance."""
    yield [
        "claim", "member", "reference", "value", "unit", "member_value", "member_stderr", "member_provenance",
        "reference_value", "reference_stderr", "reference_provenance", "ratio", "ratio_low", "ratio_high",
        "difference", "difference_stderr", "difference_at_most", "difference_at_most_on_other_recordings", "sentence",
    ]  # fmt: skip
    reference = document["reference"]
    for claim in document["claims"]:
        if claim["member"] is None:
            yield [claim["claim"], "", reference["name"], *[""] * 15, claim["sentence"]]
            continue
        for name in LABELS:
            ours, theirs = claim["member"]["values"][name], reference["values"][name]
            ratio, difference = claim["ratios"].get(name) or {}, claim.get(_DIFFERENCES.get(name, "")) or {}
            yield [
                claim["claim"],
                claim["member"]["key"],
                reference["name"],
                name,
                ours["unit"],
                *(ours[field] for field in ("value", "stderr", "provenance")),
                *(theirs[field] for field in ("value", "stderr", "provenance")),
                *(ratio.get(field) for field in ("ratio", "low", "high")),
                *(difference.get(field) for field in ("value", "stderr", "at_most", "at_most_on_other_recordings")),
                claim["sentence"],
            ]


def members_of(document: Document) -> dict[str, tuple[list[str], Document]]:
    """Returns, by key, what each member is claimed to be, and one of its claims."""
    found: dict[str, tuple[list[str], Document]] = {}
    for claim in document["claims"]:
        if claim["member"] is not None:
            kinds, _ = found.setdefault(claim["member"]["key"], ([], claim))
            kinds.append(claim["claim"].replace("-", " "))
    return found


def _table(document: Document) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    heads, rows = _cells(document)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    for place, head in enumerate(heads):
        table.add_column(Text("\n".join(map(harmless, head))), justify="right" if place else "left")
    for row in rows:
        table.add_row(*(Text("\n".join(map(harmless, cell))) for cell in row))
    return table


def _cells(document: Document) -> tuple[list[list[str]], list[list[list[str]]]]:
    """Returns head and rows; each cell is of one or more lines."""
    reference, members = document["reference"], members_of(document)
    heads = [[""], [reference["name"], "reference"]]
    heads += [[key[:_KEY], ", ".join(kinds)] for key, (kinds, _) in members.items()]
    rows = []
    for name, label in LABELS.items():
        theirs = reference["values"][name]
        row = [[label], [_value(theirs), theirs["provenance"]] if theirs["value"] is not None else ["unavailable"]]
        rows.append(row + [_member(claim, name, theirs) for _, claim in members.values()])
    return heads, rows


def _member(claim: Document, name: str, theirs: Document) -> list[str]:
    ours = claim["member"]["values"][name]
    if ours["value"] is None:
        return ["unavailable"]
    kind = [] if ours["provenance"] == theirs["provenance"] else [ours["provenance"]]
    return [_value(ours), *kind, *_against(claim, name)]


def _against(claim: Document, name: str) -> Sequence[str]:
    """Returns the ratio with its interval, or the difference of two errors in points."""
    from protran.campaign.claims.wording import number_text

    ratio, difference = claim["ratios"].get(name), claim.get(_DIFFERENCES.get(name, ""))
    if ratio is not None:
        shown = f"x{number_text(ratio['ratio'])}"
        if ratio["low"] is None:
            return [shown, "of unknown error"]
        exact = ratio["low"] == ratio["high"]
        return [shown if exact else f"{shown} ({number_text(ratio['low'])} to {number_text(ratio['high'])})"]
    if difference is not None:
        error = "" if difference["stderr"] is None else f" ± {100 * difference['stderr']:.1f}"
        return [f"{100 * difference['value']:+.1f}{error} points"]
    return []


def _value(value: Document) -> str:
    from protran.units import format_with_error

    return format_with_error(value["value"], value["stderr"], value["unit"])


def _models(document: Document) -> list[tuple[str, str]]:
    reference = document["reference"]
    pairs = [(reference["name"], reference["summary"])]
    return pairs + [(key[:_KEY], claim["member"]["summary"]) for key, (_, claim) in members_of(document).items()]


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(harmless(cell).replace('|', chr(92) + '|') for cell in cells)} |"
