"""The picture of the models study; import this module only when something is drawn (matplotlib takes a second)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from protran.errors import InputError
from protran.report import look
from protran.report.front_picture import SUFFIXES
from protran.report.scale import Scale, scale_for
from protran.units import Unit, format_value

_SHAPES = ("o", "s", "^", "D")
_DASHES: tuple[tuple[int, tuple[int, ...]], ...] = ((0, ()), (0, (5, 2)), (0, (2, 1.5)), (0, (1, 1, 4, 1)))  # type: ignore[assignment]
_INCHES = (12.0, 5.6)
_LEAST_AREA, _MOST_AREA = 30.0, 320.0


@dataclass(frozen=True)
class DrawnForm:
    """One form of one model.

    Attributes:
        model: its colour.
        form: its shape.
        score: from 0 to 1.
        score_error: half of a 95 % interval.
        latency_s: of one document; None where it is not known.
        latency_error_s: standard error.
        size_bytes: of its file: the area of its marker.
        throughput: batch size and documents per second.
    """

    model: str
    form: str
    score: float | None
    score_error: float
    latency_s: float | None
    latency_error_s: float
    size_bytes: float
    throughput: tuple[tuple[int, float], ...] = ()


def draw_models(title: str, score: str, forms: Sequence[DrawnForm], path: Path, *, dpi: int = 160) -> Path:
    """Draws score against latency with the size as area, and throughput against batch size; returns the path.

    Args:
        title: above the picture.
        score: what the score is.
        forms: what was found; one without score or latency is left out on the left.
        path: ends in .png, .svg or .pdf.
        dpi: dots per inch of a PNG.

    Raises:
        InputError: nothing can be drawn, or the picture cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")
    placed = [form for form in forms if form.score is not None and form.latency_s is not None]
    if not placed and not any(form.throughput for form in forms):
        raise InputError(f"cannot draw {path}: expected at least one form with a score and a latency, got none")
    styles = _Styles(forms)
    with matplotlib.rc_context(look.STYLE):
        figure = Figure(figsize=_INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2)
        _draw_scores(left, placed, styles, score)
        _draw_throughput(right, [form for form in forms if form.throughput], styles)
        figure.legend(handles=styles.handles(), loc="outside lower center", ncols=4, frameon=False, fontsize=8.5)
        figure.suptitle(title, fontsize=11, fontweight="bold")
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


class _Styles:
    """Colours of models, shapes and dashes of forms."""

    def __init__(self, forms: Sequence[DrawnForm]) -> None:
        self._models = list(dict.fromkeys(form.model for form in forms))
        self._forms = list(dict.fromkeys(form.form for form in forms))

    def colour(self, form: DrawnForm) -> str:
        return look.COLOURS[self._models.index(form.model) % len(look.COLOURS)]

    def shape(self, form: DrawnForm) -> str:
        return _SHAPES[self._forms.index(form.form) % len(_SHAPES)]

    def dashes(self, form: DrawnForm) -> tuple[int, tuple[int, ...]]:
        return _DASHES[self._forms.index(form.form) % len(_DASHES)]

    def handles(self) -> list[Line2D]:
        """Returns an entry for each model, then for each form."""
        models = [
            Line2D([], [], color=look.COLOURS[number % len(look.COLOURS)], linewidth=5, label=model)
            for number, model in enumerate(self._models)
        ]
        forms = [
            Line2D(
                [],
                [],
                color=look.FAINT,
                marker=_SHAPES[number % len(_SHAPES)],
                linestyle=_DASHES[number % len(_DASHES)],
                label=form,
            )
            for number, form in enumerate(self._forms)
        ]
        return [*models, *forms]


def _draw_scores(axes: Axes, forms: Sequence[DrawnForm], styles: _Styles, score: str) -> None:
    scale = scale_for([form.latency_s for form in forms], Unit.SECOND)
    largest = max((form.size_bytes for form in forms), default=1.0) or 1.0
    for form in sorted(forms, key=lambda one: -one.size_bytes):  # the small ones above the large ones
        place = (form.latency_s or 0.0) / scale.factor, 100 * (form.score or 0.0)
        axes.errorbar(
            *place,
            yerr=100 * form.score_error,
            xerr=form.latency_error_s / scale.factor,
            color=styles.colour(form),
            linewidth=1,
            alpha=0.5,
        )
        area = _LEAST_AREA + (_MOST_AREA - _LEAST_AREA) * form.size_bytes / largest
        axes.scatter(
            *place,
            s=area,
            marker=styles.shape(form),
            color=styles.colour(form),
            alpha=0.8,
            edgecolors="white",
            linewidths=0.8,
        )
    _log_across(axes, scale)
    axes.set_ylabel(f"{score} [%]")
    size = f"largest marker: {format_value(largest, Unit.BYTE)} on disk"
    axes.set_title(
        f"What a better answer costs\nbars: 95 % of the score, 1 standard error of the time; {size}", fontsize=9
    )


def _log_across(axes: Axes, scale: Scale) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"latency of one document [{scale.symbol}]")


def _draw_throughput(axes: Axes, forms: Sequence[DrawnForm], styles: _Styles) -> None:
    batches = sorted({batch for form in forms for batch, _ in form.throughput})
    for form in forms:
        axes.plot(
            [batch for batch, _ in form.throughput],
            [rate for _, rate in form.throughput],
            color=styles.colour(form),
            linestyle=styles.dashes(form),
            marker=styles.shape(form),
            markersize=4,
        )
    axes.set_title("What batches gain", fontsize=9)
    axes.set_xlabel("batch size")
    axes.set_ylabel("documents per second")
    if not forms:
        return
    axes.set_xscale("log", base=2)
    axes.set_xticks(batches, [str(batch) for batch in batches])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.minorticks_off()
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())
