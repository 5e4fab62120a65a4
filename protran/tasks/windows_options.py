"""How a user's file is read, cut and split."""

from __future__ import annotations

from dataclasses import dataclass

from protran.tasks.errors import TaskError
from protran.tasks.split_options import SplitOptions

CSV_ONLY = ("window", "stride", "label", "group", "person", "channels")
"""Options that say how rows become labelled windows; an NPZ file holds those already."""


@dataclass(frozen=True, kw_only=True)
class WindowsOptions(SplitOptions):
    """Options of a task made from a CSV or NPZ file.

    Attributes:
        window: samples per window (CSV only; an NPZ is cut already).
        stride: samples from one window to the next (CSV only); None for half a window.
        patch: samples per patch of the model's embedding; None for about 30 patches a window.
        label: name of the label column (CSV).
        group: name of the recording column (CSV): windows never span two recordings, and sets share none.
        person: name of the person column (CSV): if given, sets share no person.
        channels: names of the channel columns (CSV); empty for every column that has no other use.
    """

    window: int = 128
    stride: int | None = None
    patch: int | None = None
    label: str = "label"
    group: str | None = None
    person: str | None = None
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("window", "stride", "patch"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise TaskError(f"{name} must be a whole number of at least 1, got {value!r}")
        if isinstance(self.channels, str):
            raise TaskError(f"channels must be a list of column names, got {self.channels!r}")
        object.__setattr__(self, "channels", tuple(self.channels))
        super().__post_init__()
