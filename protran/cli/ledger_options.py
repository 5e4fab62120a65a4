"""The options that say where campaigns are: their ledger, and the folder of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RUNS = Path("runs")
"""The usual folder of campaigns."""

LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="FILE|URL",
        show_default=False,
        help="The ledger: a file, or postgresql+psycopg://USER@HOST/DATABASE. (default: what PROTRAN_LEDGER says, or "
        "ledger.sqlite in the folder of the campaigns)",
    ),
]
