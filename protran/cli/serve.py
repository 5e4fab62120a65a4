"""`protran serve`: the page of a campaign, live while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.ledger_options import LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from protran.serve.server import PageServer

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]


def serve(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The campaign (`protran list` shows them); or --all.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="A list of all campaigns of the folder, and each one's page.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port to listen at; 0 for any that is free.")] = 8765,
    bind: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen at; others than the loopback ask for a token.")
    ] = "127.0.0.1",
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keep the token here (made with mode 0600 where there is none). (default: new)"
        ),
    ] = None,
    runs: RunsOption = Path("runs"),
    ledger: LedgerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a campaign in the browser, live while it runs, with the state of the fleet. Ctrl-C ends it.

    Only reads: it may run beside the campaign, or without one. Others can open the page where --bind names an address
    that they reach; they then need the token in the address that is printed, over plain HTTP: in a network that you
    trust, or through ssh -L.

    Example: protran serve demo
    """
    from protran.errors import InputError
    from protran.ledger.place import place_for
    from protran.serve.guard import is_loopback
    from protran.serve.server import PageServer
    from protran.serve.token_file import kept_token, new_token

    if (name is None) is not every:
        raise InputError("expected the name of a campaign, or --all; give one of them")
    token = kept_token(token_file) if token_file is not None else None if is_loopback(bind) else new_token()
    with PageServer(place_for(runs, ledger), name, bind=bind, port=port, token=token) as server:
        _say(server, name, open_to_others=not is_loopback(bind), as_json=as_json)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            screen(stderr=True).print("the page is served no more")


def _say(server: PageServer, name: str | None, *, open_to_others: bool, as_json: bool) -> None:
    if as_json:
        print_json({"url": server.url, "campaign": name, "token_required": server.guard.token is not None})
        return
    console = screen()
    what = "all campaigns" if name is None else harmless(name)
    console.print(f"{what}: {server.url}", soft_wrap=True)
    if open_to_others:
        console.print("whoever has this address can read it, over plain HTTP", style="dim")
    console.print("Ctrl-C ends it", style="dim")
