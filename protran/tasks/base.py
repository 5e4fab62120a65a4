"""The task's contract: windows with labels, in three sets that share nobody."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.tasks.errors import TaskError
from search_spaces.input_spec import InputSpec


@dataclass(frozen=True)
class Windows:
    """One set of labelled windows.

    Attributes:
        signals: `n x channels x length`, float32, as recorded (not normalised).
        labels: `n`, int64, index into the task's classes.
        recordings: `n`, int64; windows of one recording overlap or resemble each other, so errors are counted by it.
        persons: `n`, int64; who (or what) was recorded. Equal to `recordings` where the task knows no persons.
    """

    signals: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    recordings: npt.NDArray[np.int64]
    persons: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.signals.ndim != 3:
            raise TaskError(f"expected windows of shape (n, channels, length), got {self.signals.shape}")
        for name in ("labels", "recordings", "persons"):
            if getattr(self, name).shape != (len(self.signals),):
                raise TaskError(f"expected {len(self.signals)} {name}, got shape {getattr(self, name).shape}")

    def __len__(self) -> int:
        return len(self.signals)

    def where(self, selection: npt.NDArray[Any]) -> Windows:
        """Returns the windows that a boolean mask or an index array selects."""
        return Windows(
            self.signals[selection], self.labels[selection], self.recordings[selection], self.persons[selection]
        )


@dataclass(frozen=True)
class TaskData:
    """The three sets of a task. Choices are made on `validation`; `test` is only reported.

    Attributes:
        train: what weights and normalisation are fitted on.
        validation: early stopping and every selection.
        test: reported, never chosen by.
        input_spec: what a model for this task reads and predicts.
        classes: names of the classes, in the order of the label indices.
        axes: triples of channels that are the x, y and z axis of one sensor, so that a rotation makes sense.
        notes: sentences that a reader of the scores must know.
    """

    train: Windows
    validation: Windows
    test: Windows
    input_spec: InputSpec
    classes: tuple[str, ...]
    axes: tuple[tuple[int, int, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sets(self) -> Mapping[str, Windows]:
        """The three sets by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def known(self) -> Windows:
        """Training and validation windows together: what a model that has been chosen may be fitted to."""
        return Windows(
            *(
                np.concatenate([getattr(part, field.name) for part in (self.train, self.validation)])
                for field in dataclasses.fields(Windows)
            )
        )


@dataclass(frozen=True)
class TaskCheck:
    """What `Task.check` found in usable data.

    Attributes:
        name: the task.
        version: the version that scores will carry.
        input_spec: what a model reads and predicts.
        windows: windows per set, then per class.
        persons: number of persons per set.
        recordings: number of recordings per set.
        notes: sentences that a reader of the scores must know.
    """

    name: str
    version: str
    input_spec: InputSpec
    windows: Mapping[str, Mapping[str, int]]
    persons: Mapping[str, int]
    recordings: Mapping[str, int]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return {
            "task": self.name,
            "version": self.version,
            "input_spec": self.input_spec.to_json(),
            "windows": {name: dict(counts) for name, counts in self.windows.items()},
            "persons": dict(self.persons),
            "recordings": dict(self.recordings),
            "notes": list(self.notes),
        }


class Task(ABC):
    """A source of labelled windows, split into three sets.

    `load` returns the same data whenever `version` is the same: scores of one version may be compared.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name, for tables."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Changes whenever the data or the way it is cut and split changes. Raises `TaskError` if unreadable."""

    @property
    @abstractmethod
    def source(self) -> str:
        """What `load_task` needs to find this task again: the name of a built-in task, or an absolute path."""

    @property
    @abstractmethod
    def options(self) -> Mapping[str, Any]:
        """The options that differ from the defaults, as JSON; `load_task(source, options)` gives this task again."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the label indices. Raises `TaskError` if unreadable."""

    @property
    @abstractmethod
    def input_spec(self) -> InputSpec:
        """What a model for this task reads and predicts. Raises `TaskError` if unreadable."""

    @property
    def obtaining(self) -> str:
        """How a user gets the data, as half a sentence; empty where it comes with ProTran."""
        return ""

    @abstractmethod
    def load(self) -> TaskData:
        """Returns the three sets. Raises `TaskError`, one sentence, where the data cannot be used."""

    def reference(self) -> dict[str, Any]:
        """Returns a JSON object from which `registry.task_from_reference` gives this task again, or refuses."""
        return {"source": self.source, "options": dict(self.options), "version": self.version}

    def check(self) -> TaskCheck:
        """Loads the data and returns what is in it. Raises `TaskError` where it cannot be used."""
        data = self.load()
        return TaskCheck(
            name=self.name,
            version=self.version,
            input_spec=data.input_spec,
            windows={name: _class_counts(windows, data.classes) for name, windows in data.sets.items()},
            persons={name: len(np.unique(windows.persons)) for name, windows in data.sets.items()},
            recordings={name: len(np.unique(windows.recordings)) for name, windows in data.sets.items()},
            notes=data.notes,
        )


def _class_counts(windows: Windows, classes: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(windows.labels, minlength=len(classes))
    return {name: int(count) for name, count in zip(classes, counts, strict=True)}
