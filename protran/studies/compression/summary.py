"""The study's tables: figures of every row, and the front against each of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from device_agents.flags import Flag
from protran.studies.compression.columns import columns
from protran.studies.compression.dominance import Comparison, Verdict
from protran.studies.compression.figures import Carbon, Entry
from protran.studies.compression.rows import OK, TimingRow
from protran.studies.compression.variant import Family
from protran.studies.intervals import mean_interval
from protran.studies.table import StudyColumn, StudyRow, StudyTable
from protran.units import Unit

KEYS = ("model", "recipe", "variant")
REMARKS = (
    "Weights are those of the last epoch under the study's recipe, those of the epoch with the smallest validation "
    "loss under a campaign's; nothing is chosen by the test set. Normalisation is fitted on training data alone.",
    "Latency: one window, one thread, beside a reference model (see docs/compression-study.md); the bar is over the "
    "repeats that were timed. Training seconds are of processes side by side, one thread each.",
    "Variants that only differ in how they run share their training; students and members of the front have their own.",
)


def main_table(
    title: str, entries: Sequence[Entry], carbon: Carbon, conditions: Mapping[str, Any], remarks: Sequence[str]
) -> StudyTable:
    """Returns the table of all variants.

    Args:
        title: one line.
        entries: the rows.
        carbon: which joules and grams are told.
        conditions: under what all of it was made.
        remarks: further sentences below it.
    """
    shown = columns(entries, carbon)
    rows = tuple(
        StudyRow(
            names_of(entry),
            {column.name: mean_interval(entry.series.get(column.name, {}).values()) for column in shown},
            entry.notes,
        )
        for entry in entries
    )
    missing = []
    if not any(entry.energy_provenance for entry in entries):
        missing.append("Energy is unavailable: no power sensor was used; `protran doctor` says what is missing.")
    return StudyTable(title, KEYS, shown, rows, conditions, (*REMARKS, *missing, *remarks))


def front_table(comparisons: Sequence[Comparison], conditions: Mapping[str, Any]) -> StudyTable:
    """Returns the table of what the front has against every other row."""
    of_test, of_both = "scored", "measured-counter"
    shown = (
        StudyColumn("error_difference", "error of the member less the rival's (test)", Unit.FRACTION, of_test),
        StudyColumn("latency_ratio", "latency, member over rival", Unit.COUNT, of_both),
        StudyColumn("size_ratio", "size on disk, member over rival", Unit.COUNT, "exact"),
    )
    rows = tuple(
        StudyRow(
            (
                *names_of(found.rival),
                found.verdict.value + (", more accurate beyond the error bars" if found.beyond_error_bars else ""),
                "-" if found.member is None else found.member.model.name,
            ),
            {column.name: getattr(found, column.name) for column in shown},
        )
        for found in comparisons
    )
    remarks = (
        verdict_line(comparisons),
        "The member against a rival is the one of the smallest validation error among those that are as fast and as "
        "small by the mean; its test error is compared repeat by repeat, and nothing is chosen by that.",
        "Bars are 95 % intervals of each comparison alone: of so many, one in twenty errs by chance.",
    )
    keys = (*KEYS, "the front", "member")
    return StudyTable("The search's front against every other model", keys, shown, rows, conditions, remarks)


def verdict_line(comparisons: Sequence[Comparison]) -> str:
    """Returns one sentence or two: how many large models the front dominates, equals, and does not; and students."""
    sentences = []
    for what, is_student in (("rows of large models", False), ("rows of small students", True)):
        counts = Counter(c.verdict for c in comparisons if (c.rival.family is Family.STUDENT) is is_student)
        parts = [f"{counts[verdict]}: {verdict.value}" for verdict in Verdict if counts[verdict]]
        if parts:
            sentences.append(f"Of {counts.total()} {what}, the front: {'; '.join(parts)}.")
    return " ".join(sentences)


def names_of(entry: Entry) -> tuple[str, str, str]:
    """Returns the texts that name a row."""
    return entry.model.name, entry.model.recipe_name, entry.variant.value


def contention_remark(timings: Sequence[TimingRow]) -> list[str]:
    """Returns a sentence where others used the machine during timings; none where it was left alone."""
    good = [row for row in timings if row.status == OK]
    contended = sum(Flag.CONTENDED.value in row.flags.split() for row in good)
    if not contended:
        return []
    return [
        f"Contended: others used the machine during {contended} of {len(good)} timings; their latencies hold against "
        f"each other, absolute times lean on the reference's latency, and the plain loop's wall times are too long."
    ]
