"""`protran status` and `protran list`: how far campaigns are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.carbon_options import CountryOption, GridIntensityOption, PueOption, named_grid
from protran.cli.ledger_options import LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, print_pairs, screen

if TYPE_CHECKING:
    from protran.ledger.place import LedgerPlace

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_LISTED = ("name", "phase", "space", "task", "devices", "profiles", "trainings", "updated_at")


def status(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The campaign (`protran list` shows them).")],
    runs: RunsOption = Path("runs"),
    ledger: LedgerOption = None,
    country: CountryOption = None,
    grid_intensity: GridIntensityOption = None,
    pue: PueOption = None,
    memory_term: Annotated[
        bool, typer.Option("--memory-term", help="Add what the memory of the machines drew (0.3725 W per GB).")
    ] = False,
    estimate_energy: Annotated[
        bool, typer.Option("--estimate-energy", help="Without a sensor: a range from core-seconds, an estimate.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say how far a campaign is: phase, profiles, trainings, failures; and, of a grid, what it emitted so far.

    Example: protran status demo --country DE --estimate-energy
    """
    from protran.api import open_campaign

    grid = named_grid(country, grid_intensity, pue)
    campaign = open_campaign(name, runs=runs, ledger=ledger)
    document = campaign.status().to_json()
    rows = [(key.replace("_", " "), _text(value)) for key, value in document.items()]
    if grid is not None or memory_term or estimate_energy:
        from protran.cli.campaign_footprint import CampaignFootprint

        footprint = CampaignFootprint(campaign.usage(), grid, estimate_energy, memory_term)
        document = {**document, "footprint": footprint.to_json()}
        rows += footprint.rows()
    if as_json:
        print_json(document)
        return
    print_pairs(screen(), rows)


def list_all(runs: RunsOption = Path("runs"), ledger: LedgerOption = None, as_json: JsonFlag = False) -> None:
    """List the campaigns of a ledger.

    Example: protran list
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from protran.api import list_campaigns
    from protran.ledger.place import place_for

    place = place_for(runs, ledger)
    documents = [found.to_json() for found in list_campaigns(runs, place)]
    if as_json:
        print_json({"campaigns": documents})
        return
    if not documents:
        screen().print(f"No campaign in {harmless(_where(place))} yet; start one with: protran search --name demo")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in _LISTED:
        table.add_column(column.removesuffix("_at"), overflow="fold", no_wrap=column == "name")
    for document in documents:
        table.add_row(*(Text(_cell(document[column])) for column in _LISTED))
    screen().print(table)


def _where(place: LedgerPlace) -> object:
    """Returns the folder of the campaigns, or the ledger where that is somewhere else."""
    return place.folder if place.file is not None and place.file.parent == place.folder else place


def _cell(value: Any) -> str:
    """Returns `_text` made short: the answered jobs and only those others that there are; minutes of a time stamp."""
    if isinstance(value, Mapping):
        others = {key: count for key, count in value.items() if count and key != "answered"}
        return f"{value.get('answered', 0)}{f' ({_text(others)})' if others else ''}"
    if isinstance(value, str) and _STAMP.match(value):
        return value[:16].replace("T", " ")
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_text(item)} {harmless(str(key).replace('_', ' '))}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(
            _text(item["name"] if isinstance(item, Mapping) and "name" in item else item) for item in value
        )
    return "-" if value is None else harmless(value)
