"""`protran report`: one HTML file that shows a campaign, without a server or a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from protran.cli.carbon_options import CountryOption, GridIntensityOption, PueOption, named_grid
from protran.cli.ledger_options import LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]


def report(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The campaign (`protran list` shows them).")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.html", help="Where to write. (default: report.html beside its results)"),
    ] = None,
    country: CountryOption = None,
    grid_intensity: GridIntensityOption = None,
    pue: PueOption = None,
    estimate_energy: Annotated[
        bool, typer.Option("--estimate-energy", help="Without a sensor: a range from core-seconds, an estimate.")
    ] = False,
    calibration: Annotated[
        bool,
        typer.Option(
            "--calibration/--no-calibration",
            help="Fit the surrogates again to show what they predicted. (default: yes)",
        ),
    ] = True,
    runs: RunsOption = Path("runs"),
    ledger: LedgerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a campaign, finished or not, as one HTML file: front, drawings, curves, quality, carbon, how to reproduce.

    The file needs nothing else and asks nobody for anything. With --json its document is printed instead; --out then
    writes the page as well.

    Example: protran report demo --out demo.html
    """
    from protran.api import open_campaign
    from protran.campaign.page.document import PageOptions

    options = PageOptions(named_grid(country, grid_intensity, pue), estimate_energy, calibration)
    campaign = open_campaign(name, runs=runs, ledger=ledger)
    document = campaign.page(options)
    if out is not None or not as_json:
        written = campaign.report(out, document=document)
    if as_json:
        print_json(document)
        return
    size = written.stat().st_size / 1e6
    screen().print(f"{harmless(written)} ({size:.2g} MB): open it in a browser", soft_wrap=True)
