"""The picture of a front: `front.png`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from protran.errors import InputError
from protran.report.columns import Column, Document, columns_of
from protran.report.picture import Axis, Mark, Origin, Picture

SUFFIXES = (".png", ".svg", ".pdf")
_LONGEST_TITLE = 90


def draw_front(
    document: Document,
    path: Path,
    *,
    dominated: Document | None = None,
    origins: Mapping[str, Origin] | None = None,
    title: str | None = None,
) -> Path:
    """Draws a front to `path` and returns the path.

    Args:
        document: the front, as `Front.to_json` writes it.
        path: ends in .png, .svg or .pdf; its folder exists.
        dominated: candidates that are not on the front, in the same schema; drawn faint.
        origins: by candidate key, how the campaign came by it.
        title: above the picture; the campaigns and their devices where it is not given.

    Raises:
        InputError: the suffix is none of these, or the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")
    from protran.report.draw import draw  # noqa: PLC0415 - matplotlib takes a second; only a picture pays for it

    picture = picture_of(document, dominated=dominated, origins=origins, title=title)
    try:
        return draw(picture, path)
    except OSError as error:
        raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error


def picture_of(
    document: Document,
    *,
    dominated: Document | None = None,
    origins: Mapping[str, Origin] | None = None,
    title: str | None = None,
) -> Picture:
    """Returns what `draw_front` draws."""
    columns = columns_of(document)
    front = {candidate["key"] for candidate in document["candidates"]}
    origins = origins or {}
    faint = [item for item in (dominated or {}).get("candidates", []) if item["key"] not in front]
    marks = [
        _mark(candidate, columns, origins.get(candidate["key"]), on_front=candidate["key"] in front)
        for candidate in [*faint, *document["candidates"]]
    ]
    budgets = {budget["name"]: budget["limit"] for budget in document["budgets"]}
    return Picture(
        title=_shortened(title or _title(document)),
        axes=tuple(_axis(column, budgets) for column in columns),
        marks=tuple(marks),
        empty="no candidate meets the budgets" if budgets else "no candidate measured yet",
    )


def _mark(candidate: Document, columns: tuple[Column, ...], origin: Origin | None, *, on_front: bool) -> Mark:
    values = candidate["values"]
    known = {
        column.name: (values[column.name]["value"], values[column.name]["stderr"])
        for column in columns
        if column.name in values and values[column.name]["value"] is not None
    }
    return Mark(known, origin, on_front)


def _axis(column: Column, budgets: Mapping[str, float]) -> Axis:
    provenance = "mixed provenance" if column.provenance is None else column.provenance
    return Axis(column.name, column.label, column.scale, provenance, column.maximise, budgets.get(column.name))


def _title(document: Document) -> str:
    campaigns = ", ".join(map(_name, document["campaigns"]))
    devices = ", ".join(map(_name, document["devices"]))
    return f"{campaigns} on {devices}" if devices else campaigns


def _name(item: object) -> str:
    return str(item.get("name", "?")) if isinstance(item, Mapping) else str(item)


def _shortened(text: str) -> str:
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + "…"
