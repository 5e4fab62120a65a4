"""`protran task`: the tasks that there are, and whether a file can be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.task_options import TaskOptions, parse_options
from protran.cli.terminal import JsonFlag, print_json, print_pairs, screen

if TYPE_CHECKING:
    from protran.tasks.base import TaskCheck

app = typer.Typer(help="List and check tasks.", no_args_is_help=True)


@app.command("list")
def list_tasks(as_json: JsonFlag = False) -> None:
    """List the built-in tasks.

    Example: protran task list
    """
    from protran.tasks.registry import builtin_tasks, load_task

    tasks = [load_task(name) for name in builtin_tasks()]
    if as_json:
        listed = [
            {
                "name": task.name,
                "input_spec": task.input_spec.to_json(),
                "classes": list(task.classes),
                "obtaining": task.obtaining,
            }
            for task in tasks
        ]
        print_json({"tasks": listed})
        return
    for task in tasks:
        spec = task.input_spec
        reads = f"{spec.kind.value}, {spec.channels} channels of {spec.length} samples, {len(task.classes)} classes"
        screen().print(f"{task.name:<12} {reads}")
        if task.obtaining:
            screen().print(f"{'':<12} {task.obtaining}")
    screen().print("Any .csv or .npz of windows is a task too: protran task check FILE.csv --task-option label=COLUMN")


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name, or the path of a .csv or .npz file.")],
    task_option: TaskOptions = None,
    as_json: JsonFlag = False,
) -> None:
    """Load a task's data and say what is in it. Ends with 2 where it cannot be used.

    Example: protran task check steps.csv --task-option label=activity --task-option person=subject
    """
    from protran.tasks.registry import load_task

    found = load_task(name, parse_options(task_option)).check()
    if as_json:
        print_json({"ok": True, **found.to_json()})
    else:
        _print(found)


def _print(found: TaskCheck) -> None:
    spec = found.input_spec
    sets = [
        (
            name,
            f"{sum(counts.values())} windows of {found.persons[name]} persons in {found.recordings[name]} recordings",
        )
        for name, counts in found.windows.items()
    ]
    facts = [
        ("task", found.name),
        ("version", found.version),
        ("reads", f"{spec.channels} channels of {spec.length} samples, in patches of {spec.patch}"),
        *sets,
        ("classes", ", ".join(next(iter(found.windows.values())))),
        *(("note", note) for note in found.notes),
    ]
    print_pairs(screen(), facts)
