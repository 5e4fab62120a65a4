"""The `protran` command: puts the commands together, and turns every error into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from protran.cli import (
    bench,
    campaigns,
    claims,
    device,
    doctor,
    export,
    failure,
    fleet,
    ledger,
    memory,
    monitor,
    pareto,
    profile,
    report,
    search,
    serve,
    space,
    study,
    surrogate,
    task,
)

app = typer.Typer(
    name="protran",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("search")(search.search)
app.command("status")(campaigns.status)
app.command("list")(campaigns.list_all)
app.command("pareto")(pareto.pareto)
app.command("claims")(claims.claims)
app.command("report")(report.report)
app.command("serve")(serve.serve)
app.command("export")(export.export)
app.command("profile")(profile.profile)
app.command("memory")(memory.memory)
app.command("monitor", context_settings=monitor.CONTEXT)(monitor.monitor)
app.add_typer(fleet.app, name="fleet")
app.add_typer(device.app, name="device")
app.add_typer(ledger.app, name="ledger")
app.add_typer(space.app, name="space")
app.add_typer(task.app, name="task")
app.add_typer(surrogate.app, name="surrogate")
app.add_typer(bench.app, name="bench")
app.add_typer(study.app, name="study")
app.command("doctor")(doctor.doctor)


@app.callback(invoke_without_command=True)
def protran(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Find the transformers that are best for your task on your devices: measured, with error bars.

    Start with `protran search`, then ask for other trade-offs with `protran pareto NAME --budget 'latency<=3ms'`.
    """
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"protran {installed('protran')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    0; 2 for bad input; 1 for a failure of the work; 130 for an interrupt.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that knows no ± still gets its table
    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="protran", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _quiet()
    except SystemExit as left:  # the command line library leaves this way when its reader went away
        return left.code if isinstance(left.code, int) else failure.FAILED
    except (Exception, KeyboardInterrupt) as error:
        return failure.report(error)
    if code == failure.INTERRUPTED:
        return failure.report(KeyboardInterrupt())
    return code if isinstance(code, int) else 0


def _quiet() -> int:
    """Ends without a word where the reader of our output went away, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return failure.FAILED


if __name__ == "__main__":
    sys.exit(main())
