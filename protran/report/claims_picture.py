"""The picture of claims: ratios to a reference; import this module only when something is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from protran.errors import InputError
from protran.report import look
from protran.report.sweep_picture import check_picture

__all__ = ["check_picture", "draw_claims"]

Document = Mapping[str, Any]
"""Claims as `Claims.to_json` writes them."""

LABELS = {
    "latency_s": "latency",
    "energy_j": "energy",
    "peak_power_w": "peak power",
    "memory_bytes": "memory",
    "parameters": "parameters",
    "weight_bytes": "size of weights",
}
_ROW = 0.3  # how far apart the members of one measure stand, of the distance between measures
_NARROWEST = 1.6  # the axis reaches at least from 1 / this to this
_MARGIN = 1.35
_KEY = 8
_UNDER: Any = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # numbers stay readable on lines
_LONGEST_NAME = 40


@dataclass
class _Member:
    """One member: what it is claimed to be, and its ratios by measure."""

    key: str
    ratios: Mapping[str, Mapping[str, Any]]
    kinds: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.key[:_KEY]}: {', '.join(self.kinds)}"


def draw_claims(document: Document, path: Path, *, dpi: int = 160) -> Path:
    """Draws the ratio of each member to the reference, a row for each measure, and returns the path.

    Args:
        document: the claims, as `Claims.to_json` writes them.
        path: ends in .png, .svg or .pdf.
        dpi: dots per inch of a PNG.

    Raises:
        InputError: the picture cannot be written.
    """
    check_picture(path)
    members = _members(document)
    with matplotlib.rc_context(look.STYLE):
        figure = Figure(figsize=(7.4, 1.7 + 0.55 * len(LABELS)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        _draw_rows(axes, members)
        name = _shown(document["reference"]["name"])
        axes.set_xlabel(f"member / {name}; left of 1 the member needs less; bars: {100 * document['confidence']:g} %")
        figure.suptitle(f"{_shown(document['campaign'])} against {name} on {_shown(document['device'])}", fontsize=11)
        if members:
            figure.legend(loc="outside lower center", ncols=1, frameon=False, fontsize=8.5)
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


def _members(document: Document) -> list[_Member]:
    found: dict[str, _Member] = {}
    for claim in document["claims"]:
        if claim["member"] is not None:
            key = claim["member"]["key"]
            member = found.setdefault(key, _Member(key, claim["ratios"]))
            member.kinds.append(claim["claim"].replace("-", " "))
    return list(found.values())


def _draw_rows(axes: Axes, members: Sequence[_Member]) -> None:
    axes.axvline(1.0, color="black", linewidth=0.9, linestyle=look.DASHES, zorder=1)
    axes.set_xscale("log")
    axes.set_xlim(*_limits(members))
    for number, member in enumerate(members):
        _draw_member(axes, member, number, (number - (len(members) - 1) / 2) * _ROW)
    for row, name in enumerate(LABELS):
        if not any(name in member.ratios for member in members):
            axes.annotate(
                "unavailable", (1.0, row), (6, -3), textcoords="offset points", color=look.FAINT, fontsize=8.5
            )
    axes.set_yticks(range(len(LABELS)), [_heading(name, members) for name in LABELS])
    axes.set_ylim(len(LABELS) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if high / low < 300 else (1,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _draw_member(axes: Axes, member: _Member, number: int, offset: float) -> None:
    rows = [row for row, name in enumerate(LABELS) if name in member.ratios]
    ratios = [member.ratios[name] for name in LABELS if name in member.ratios]
    values = [ratio["ratio"] for ratio in ratios]
    lows = [0.0 if ratio["low"] is None else ratio["ratio"] - ratio["low"] for ratio in ratios]
    highs = [0.0 if ratio["high"] is None else ratio["high"] - ratio["ratio"] for ratio in ratios]
    axes.errorbar(
        values,
        [row + offset for row in rows],
        xerr=[lows, highs],
        fmt="o",
        markersize=5,
        capsize=3,
        elinewidth=1.1,
        color=look.COLOURS[number % len(look.COLOURS)],
        label=member.label,
        zorder=3,
    )
    for row, ratio in zip(rows, ratios, strict=True):
        edge = ratio["ratio"] if ratio["high"] is None else ratio["high"]
        text = f"{ratio['ratio']:.3g}{' ?' if ratio['low'] is None else ''}"
        axes.annotate(text, (edge, row + offset), (5, -3), textcoords="offset points", fontsize=7.5, bbox=_UNDER)


def _limits(members: Sequence[_Member]) -> tuple[float, float]:
    """Returns the ends of the axis: all intervals and 1, with room for the numbers."""
    ends = [
        end
        for member in members
        for ratio in member.ratios.values()
        for end in (ratio["ratio"], ratio["low"], ratio["high"])
        if end is not None
    ]
    low, high = min([*ends, 1 / _NARROWEST]), max([*ends, _NARROWEST])
    return low / _MARGIN, high * _MARGIN


def _heading(name: str, members: Sequence[_Member]) -> str:
    """Returns the measure, and below it the provenance of its values."""
    kinds = dict.fromkeys(member.ratios[name]["provenance"] for member in members if name in member.ratios)
    return "\n".join([LABELS[name], *kinds])


def _shown(text: str) -> str:
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
