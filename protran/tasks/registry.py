"""Finds a task by name or path. Tasks that ship with ProTran are listed here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from protran.tasks.base import Task
from protran.tasks.errors import TaskError
from protran.tasks.unimib import UnimibTask
from protran.tasks.unimib_options import UnimibOptions
from protran.tasks.watch import WatchTask
from protran.tasks.windows_file import SUFFIXES, WindowsFileTask
from protran.tasks.windows_options import WindowsOptions


def _watch(options: Mapping[str, Any]) -> Task:
    if options:
        raise TaskError(f"the built-in task watch takes no options, got {', '.join(sorted(options))}")
    return WatchTask()


def _unimib(options: Mapping[str, Any]) -> Task:
    return UnimibTask(UnimibOptions.from_json(options))


_BUILT_IN: Mapping[str, Callable[[Mapping[str, Any]], Task]] = {"watch": _watch, "unimib": _unimib}


def builtin_tasks() -> tuple[str, ...]:
    """Returns the names of the tasks that ship with ProTran."""
    return tuple(_BUILT_IN)


def load_task(name_or_path: str | Path, options: Mapping[str, Any] | None = None) -> Task:
    """Returns a task; its data is not read yet.

    Args:
        name_or_path: a name of `builtin_tasks`, or the path of a .csv or .npz file.
        options: for a file, the fields of `WindowsOptions`; for `unimib`, those of `UnimibOptions`; `watch` takes none.

    Raises:
        TaskError: unknown name, no such file, or an option that is unknown or out of range.
    """
    options = dict(options or {})
    text = str(name_or_path)
    if text in _BUILT_IN:
        return _BUILT_IN[text](options)
    path = Path(text).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(_BUILT_IN)
        raise TaskError(
            f"unknown task {text!r}; expected one of {known}, or the path of a file that ends in "
            f"{' or '.join(SUFFIXES)}"
        )
    if not path.is_file():
        raise TaskError(f"{text}: there is no such file; check the path")
    return WindowsFileTask(path, WindowsOptions.from_json(options))


def task_from_reference(reference: Mapping[str, Any]) -> Task:
    """Returns the task that `Task.reference` described.

    Raises:
        TaskError: the task is not there any more, or its data has changed since.
    """
    try:
        source, options, version = reference["source"], reference.get("options", {}), reference["version"]
    except KeyError as error:
        raise TaskError(f"task reference: {error.args[0]!r} is missing") from error
    task = load_task(source, options)
    if task.version != version:
        raise TaskError(
            f"{source}: the data has changed since the campaign began (version {version}, now {task.version}); put "
            f"the old file back or start a new campaign"
        )
    return task
