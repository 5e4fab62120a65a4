"""`protran claims`: against a reference model, what the members of a campaign's front are worth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from device_agents.fleet.opening import DispatcherKind
from protran.cli.failure import resumable
from protran.cli.ledger_options import LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from protran.campaign.claims.claim import Claims
    from protran.campaign.claims.companion import ReferenceNotMeasuredError
    from search_spaces.candidate import Candidate

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]


def claims(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A finished campaign (`protran list` shows them).")],
    reference: Annotated[
        str,
        typer.Option(
            metavar="REF",
            help="The first digits of a candidate's key, a preset such as t1, or a candidate's FILE.json.",
        ),
    ],
    device: Annotated[
        str | None, typer.Option(help="Whose latency, energy and power are compared. (default: the campaign's first)")
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Probability of intervals, and of one-sided limits of differences.")
    ] = 0.95,
    no_work: Annotated[
        bool, typer.Option("--no-work", help="Refuse to train and measure a reference that nobody did before.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a CSV table on standard output.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the table and sentences as Markdown.")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw the ratios to this .png, .svg or .pdf file.")
    ] = None,
    runs: RunsOption = Path("runs"),
    ledger: LedgerOption = None,
    dispatcher: Annotated[
        DispatcherKind, typer.Option(help="ray, or inline for this process alone.")
    ] = DispatcherKind.RAY,
    as_json: JsonFlag = False,
) -> None:
    """Say which members of the front score as a reference does, and how much less they need, with error bars.

    A reference that the campaign did not verify is first trained and measured exactly as its members were, by a
    campaign of its own, NAME-vs-REF. Ctrl-C stops that; the same command continues.

    Where no member scores as the reference does, that is said, and the exit code is still 0.

    Example: protran claims demo --reference t1 --plot claims.png
    """
    from protran.errors import InputError

    if sum((as_json, as_csv, as_markdown)) > 1:
        raise InputError("--csv, --markdown and --json exclude each other; give one of them")
    if plot is not None:
        from protran.report.claims_picture import check_picture

        check_picture(plot)
    found = _found(_Asked(name, reference, device, confidence, runs, ledger), dispatcher, allowed=not no_work)
    document = found.to_json()
    if plot is not None:
        from protran.report.claims_picture import draw_claims

        draw_claims(document, plot)
    if as_json:
        print_json(document)
    elif as_csv:
        _print_csv(document)
    elif as_markdown:
        from protran.cli.claims_table import markdown

        typer.echo(markdown(document))
    else:
        from protran.cli.claims_table import print_claims

        print_claims(screen(), document)
        if plot is not None:
            screen().print(f"Picture: {harmless(plot)}")


@dataclass(frozen=True)
class _Asked:
    """What a user asks of a campaign."""

    name: str
    reference: str
    device: str | None
    confidence: float
    runs: Path
    ledger: str | None

    def model(self) -> tuple[str | Candidate, str | None]:
        """Returns the reference as the campaign takes it: a preset or key, or a file's candidate and its name."""
        path = Path(self.reference)
        if path.suffix != ".json":
            return self.reference, None
        from protran.cli.model_file import read_model

        candidate = read_model(path).candidate
        return candidate, f"{path.stem}-{candidate.key[:8]}"

    def claims(self) -> Claims:
        """Returns the claims, if the reference was measured."""
        from protran.api import open_campaign

        model, called = self.model()
        campaign = open_campaign(self.name, runs=self.runs, ledger=self.ledger)
        return campaign.claims(model, self.device, self.confidence, called=called)


def _found(asked: _Asked, dispatcher: DispatcherKind, *, allowed: bool) -> Claims:
    """Returns the claims; trains and measures the reference first where nobody did and that is allowed."""
    from protran.campaign.claims.companion import ReferenceNotMeasuredError

    try:
        return asked.claims()
    except ReferenceNotMeasuredError as error:
        if not allowed:
            raise
        _measure(asked, error, dispatcher)
    return asked.claims()


def _measure(asked: _Asked, missing: ReferenceNotMeasuredError, dispatcher: DispatcherKind) -> None:
    """Says what is done, then does it."""
    from protran.api import start_campaign
    from protran.cli.live import watching
    from protran.report.plural import how_many

    ahead, console = missing.ahead, screen(stderr=True)
    console.print(
        f"{harmless(missing.reference.name)} is trained and measured as the members of {harmless(asked.name)} were: "
        f"{how_many(ahead.trainings, 'training')} and {how_many(ahead.profiles, 'profile')}, as the campaign "
        f"{missing.config.name}",
        soft_wrap=True,
    )
    with resumable(), watching(console) as progress:
        start_campaign(
            missing.config,
            candidates=(missing.reference.candidate,),
            runs=asked.runs,
            ledger=asked.ledger,
            observer=progress,
            dispatcher=dispatcher,
        )


def _print_csv(document: dict[str, Any]) -> None:
    import csv
    import sys

    from protran.cli.claims_table import csv_rows

    csv.writer(sys.stdout, lineterminator="\n").writerows(csv_rows(document))
    sys.stdout.flush()
