"""`protran fleet`: the controller that devices answer to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from protran.cli.terminal import JsonFlag, print_json, print_pairs, screen

app = typer.Typer(help="Start, ask and stop the controller of a fleet of devices.", no_args_is_help=True)

_PLAIN = (
    "without TLS, whoever reads the traffic of this network reads the token; and whoever has the token can run any "
    "program on every machine of the fleet"
)


@app.command("start")
def start(
    bind: Annotated[
        str, typer.Option(metavar="IP", help="The address of this machine that devices reach; loopback if not given.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="The first of the controller's ports.")] = 6377,
    tls: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder with cert.pem, key.pem and ca.pem: speak TLS only.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Start the controller in the background, and say how devices join. It survives this terminal.

    Example: protran fleet start --bind 192.168.1.5
    """
    from device_agents.fleet.addresses import LOOPBACK
    from device_agents.fleet.control import start_fleet
    from device_agents.fleet.folder import TOKEN, fleet_folder

    facts = start_fleet(bind, port, tls)
    token = fleet_folder() / TOKEN
    if as_json:
        print_json({**facts, "token_file": str(token)})
        return
    place = f"{facts['address']}:{facts['gate_port']}"
    secured = " --tls DIR" if tls is not None else ""
    console = screen()
    console.print(f"the controller runs at {place}; stop it with `protran fleet stop`", soft_wrap=True)
    pairs = [
        ("token", f"{token} (only you can read it; devices need a copy)"),
        ("on a device", f"protran device join {place} --name NAME --token-file FILE{secured}"),
        ("over ssh", f"protran device enroll NAME user@host{secured}"),
        ("firewall", f"TCP {facts['ports']} here, and 6420-6433 on each device"),
    ]
    print_pairs(console, pairs)
    if bind == LOOPBACK:
        console.print("only this machine reaches it; for others start it with --bind ADDRESS", style="dim")
    elif tls is None:
        console.print(f"note: {_PLAIN}", style="yellow", soft_wrap=True)


@app.command("status")
def status(as_json: JsonFlag = False) -> None:
    """Say whether the controller runs, where, and which devices it has. Ends with 1 where it does not run.

    Example: protran fleet status
    """
    from device_agents.fleet.control import controller_facts

    facts = controller_facts()
    if as_json:
        print_json(facts)
        return
    states = [device["state"] for device in facts["devices"]]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "none yet"
    software = facts["software"]
    pairs = [
        ("controller", f"{facts['address']}:{facts['gate_port']}, process {facts['pid']}, since {facts['started_at']}"),
        ("ports", facts["ports"]),
        ("TLS", facts["tls"] or "no"),
        ("software", f"Python {software['python']}, ray {software['ray']}, protran {software['protran']}"),
        ("devices", counted),
    ]
    print_pairs(screen(), pairs)


@app.command("token")
def token(as_json: JsonFlag = False) -> None:
    """Print the fleet's token: give it to your devices only, in a file that only their user reads.

    Example: protran fleet token
    """
    from device_agents.fleet.folder import TOKEN, fleet_folder
    from device_agents.fleet.token import read_token

    path = fleet_folder() / TOKEN
    secret = read_token(path)
    if as_json:
        print_json({"token": secret, "file": str(path)})
    else:
        typer.echo(secret)


@app.command("stop")
def stop(as_json: JsonFlag = False) -> None:
    """Stop the controller. Devices wait for it to come back; what they are stays enrolled.

    Example: protran fleet stop
    """
    from device_agents.fleet.control import stop_fleet

    ended = stop_fleet()
    if as_json:
        print_json({"stopped": ended})
    else:
        screen().print("the controller has ended" if ended else "no controller ran")
