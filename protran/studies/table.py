"""The table of a study: a row for each variant, a column for each figure, written as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protran.report.scale import Scale, scale_for
from protran.studies.errors import StudyError
from protran.studies.intervals import Interval
from protran.units import Unit

STEM = "table"


@dataclass(frozen=True)
class StudyColumn:
    """One figure of the variants.

    Attributes:
        name: key, with its SI unit as a suffix, for example `latency_s`.
        label: for people.
        unit: of the values; `Unit.COUNT` for plain numbers.
        provenance: of all its values, for example `measured-counter`; a column mixes none.
    """

    name: str
    label: str
    unit: Unit
    provenance: str


@dataclass(frozen=True)
class StudyRow:
    """One variant.

    Attributes:
        names: what it is, a text for each of the table's leading columns (`StudyTable.keys`).
        figures: by name of a column; None (or left out) where it could not be had.
        notes: why a figure is missing, or what a reader must know.
    """

    names: tuple[str, ...]
    figures: Mapping[str, Interval | None]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyTable:
    """A study's results.

    Attributes:
        title: one line.
        keys: headings of the texts that name a row, for example `model`, `variant`.
        columns: the figures, in the order in which they are shown.
        rows: the variants.
        conditions: under what all of it was made: command, machine, seeds, data.
        remarks: sentences below the table: spread, provenance, what is missing and why.
    """

    title: str
    keys: tuple[str, ...]
    columns: tuple[StudyColumn, ...]
    rows: tuple[StudyRow, ...]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object; figures are in SI units."""
        return {
            "title": self.title,
            "columns": [
                {"name": c.name, "label": c.label, "unit": c.unit.value, "provenance": c.provenance}
                for c in self.columns
            ],
            "rows": [self._row_json(row) for row in self.rows],
            "conditions": dict(self.conditions),
            "remarks": list(self.remarks),
        }

    def to_markdown(self) -> str:
        """Returns the table for reading: units that suit the values, means with their intervals."""
        scales = [self._scale(column) for column in self.columns]
        headings = [*self.keys, *(_heading(c, s) for c, s in zip(self.columns, scales, strict=True))]
        lines = [f"## {self.title}", "", _line(headings), "|" + "---|" * len(headings)]
        lines += [
            _line([*row.names, *(_cell(row.figures.get(c.name), s) for c, s in zip(self.columns, scales, strict=True))])
            for row in self.rows
        ]
        sources = ", ".join(f"{column.label} {column.provenance}" for column in self.columns)
        remarks = [*self.remarks, *(f"{', '.join(r.names)}: {note}" for r in self.rows for note in r.notes)]
        lines += ["", f"± is half of a 95 % confidence interval over repeats. Provenance: {sources}.", ""]
        return "\n".join([*lines, *(f"- {remark}" for remark in remarks)]).rstrip() + "\n"

    def to_csv(self) -> str:
        """Returns the table for programs: SI units, a column each for a figure, its half width and its count."""
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        heading = [text for c in self.columns for text in (c.name, f"{c.name}_half_width", f"{c.name}_count")]
        writer.writerow([*self.keys, *heading])
        for row in self.rows:
            writer.writerow([*row.names, *(text for c in self.columns for text in _csv(row.figures.get(c.name)))])
        return buffer.getvalue()

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Writes `table.md`, `.csv` and `.json` into `folder`, each whole or not at all, and returns their paths.

        Raises:
            StudyError: the folder cannot be written.
        """
        contents = {
            ".md": self.to_markdown(),
            ".csv": self.to_csv(),
            ".json": json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n",
        }
        paths = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for suffix, content in contents.items():
                path = folder / f"{STEM}{suffix}"
                partial = path.with_suffix(f"{suffix}.partial")
                partial.write_text(content, encoding="utf-8")
                partial.replace(path)
                paths.append(path)
        except OSError as error:
            raise StudyError(f"cannot write into {folder} ({error.strerror}); make room and repeat it") from error
        return tuple(paths)

    def _row_json(self, row: StudyRow) -> dict[str, Any]:
        figures = {column.name: row.figures.get(column.name) for column in self.columns}
        return {
            **dict(zip(self.keys, row.names, strict=True)),
            "figures": {name: None if found is None else found.to_json() for name, found in figures.items()},
            "notes": list(row.notes),
        }

    def _scale(self, column: StudyColumn) -> Scale:
        known = [found.mean for row in self.rows if (found := row.figures.get(column.name)) is not None]
        return scale_for(known, column.unit)


def _heading(column: StudyColumn, scale: Scale) -> str:
    return f"{column.label} [{scale.symbol}]" if scale.symbol else column.label


def _cell(figure: Interval | None, scale: Scale) -> str:
    return "-" if figure is None else scale.write(figure.mean, figure.half_width)


def _csv(figure: Interval | None) -> Sequence[Any]:
    if figure is None:
        return ("", "", 0)
    half_width = "" if figure.half_width is None else f"{figure.half_width:.7g}"
    return (f"{figure.mean:.9g}", half_width, figure.count)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
