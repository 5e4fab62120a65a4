"""`protran study`: the two comparison studies."""

from __future__ import annotations

import typer

from protran.cli import study_compression, study_models

app = typer.Typer(help="Compare compressed models, or families of models, on a task.", no_args_is_help=True)


@app.callback()
def study() -> None:
    """Compare compressed models, or families of models, on a task."""


app.command("compression")(study_compression.compression)
app.command("models")(study_models.models)
