"""The pictures of the study, from its figures; import this module only when they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from protran.report.class_picture import ClassShares, draw_classes
from protran.report.compression_picture import Point, draw_compression
from protran.studies.compression.figures import Entry
from protran.studies.compression.variant import Family, Variant
from protran.studies.intervals import mean_interval
from protran.tasks.base import TaskData

PICTURE, CLASSES_PICTURE = "picture.png", "classes.png"


def draw_study(task: str, data: TaskData, found: Sequence[Entry], folder: Path) -> list[Path]:
    """Draws the classes and, where a row has a score and a latency, the results; returns the paths.

    Raises:
        InputError: the folder cannot be written.
    """
    shares = [
        ClassShares(name, [int(count) for count in np.bincount(windows.labels, minlength=len(data.classes))])
        for name, windows in data.sets.items()
    ]
    files = [draw_classes(task, data.classes, shares, folder / CLASSES_PICTURE)]
    points = [point for entry in found if (point := _point(entry)) is not None]
    if points:
        files.append(draw_compression(f"Compression on {task}", points, folder / PICTURE))
    return files


def _point(entry: Entry) -> Point | None:
    names = ("accuracy", "latency_s", "file_bytes")
    accuracy, latency, size = (mean_interval(entry.series.get(name, {}).values()) for name in names)
    if accuracy is None or latency is None or size is None:
        return None
    return Point(
        model=entry.model.name,
        recipe=entry.model.recipe_name,
        family=entry.family.value,
        error=1 - accuracy.mean,
        error_reach=accuracy.half_width or 0.0,
        latency_s=latency.mean,
        latency_reach_s=latency.half_width or 0.0,
        size_bytes=size.mean,
        on_front=entry.model.on_front,
        baseline=entry.variant is Variant.FP32 and entry.family is Family.WHOLE,
    )
