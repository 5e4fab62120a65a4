"""`protran space`: the design spaces that there are, what is in them, and whether a file is one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, print_pairs, screen

if TYPE_CHECKING:
    from search_spaces.candidate import Candidate
    from search_spaces.space import DesignSpace

app = typer.Typer(help="List, show, sample and check design spaces.", no_args_is_help=True)

SpaceName = Annotated[
    str, typer.Argument(metavar="SPACE", help="A built-in name (`protran space list`) or a YAML file.")
]


@app.command("list")
def list_spaces(as_json: JsonFlag = False) -> None:
    """List the built-in design spaces.

    Example: protran space list
    """
    from search_spaces.space import builtin_spaces, load_space

    spaces = [load_space(name) for name in builtin_spaces()]
    if as_json:
        print_json({"spaces": [_summary(space) for space in spaces]})
        return
    print_pairs(screen(), [(space.name, f"{_size(space.size)} candidates", space.description) for space in spaces])


@app.command("show")
def show(name: SpaceName, as_json: JsonFlag = False) -> None:
    """Show the choices and conditions of a design space.

    Example: protran space show edge-small
    """
    from search_spaces.space import load_space

    space = load_space(name)
    if as_json:
        print_json({**_summary(space), "space": space.to_json()})
        return
    print_pairs(screen(), _facts(space))


def _facts(space: DesignSpace) -> list[tuple[str, str]]:
    """Returns what is to be said of a space, line by line."""
    genes = ("layers", "hidden", "heads", "head_kinds", "stacks", "feed_forward")
    choices = {gene: [getattr(choice, "value", choice) for choice in getattr(space, gene)] for gene in genes}
    facts = [
        ("name", space.name),
        ("description", space.description),
        ("candidates", _size(space.size)),
        *((gene, ", ".join(map(str, choices[gene]))) for gene in genes),
        *(("condition", condition.expression) for condition in space.conditions),
    ]
    if space.homogeneous_heads:
        facts.append(("heads", "all of one kind in a layer"))
    if space.uniform:
        facts.append(("uniform", f"{', '.join(sorted(gene.value for gene in space.uniform))}: equal in all layers"))
    return [*facts, ("source", space.source)] if space.source else facts


@app.command("sample")
def draw_sample(
    name: SpaceName,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many distinct candidates.")] = 5,
    method: Annotated[str, typer.Option(help="sobol, latin-hypercube, halton or random.")] = "sobol",
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal samples.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Sample candidates of a design space.

    Example: protran space sample edge-small -n 3 --seed 7 --json
    """
    from protran.report.architecture_line import candidate_line
    from search_spaces.sampling import SamplingMethod, sample
    from search_spaces.space import load_space

    chosen = _method(SamplingMethod, method)
    candidates = sample(load_space(name), count, chosen, seed)
    if as_json:
        drawn = [{"key": candidate.key, **candidate.to_json()} for candidate in candidates]
        print_json({"space": name, "method": chosen.value, "seed": seed, "candidates": drawn})
        return
    for candidate in candidates:
        screen().print(f"{candidate.key[:8]}  {candidate_line(candidate)}", soft_wrap=True)


@app.command("check")
def check(
    name: SpaceName,
    candidate: Annotated[
        Path | None, typer.Option(help="A candidate's JSON file: is it in the space, and if not, why?")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a design space file, or whether a candidate is in it. Ends with 2 where it is not.

    Example: protran space check my-space.yaml --candidate candidate.json
    """
    from search_spaces.space import load_space

    space = load_space(name)
    if candidate is not None:
        _check_member(space, candidate)
    if as_json:
        print_json({"ok": True, **_summary(space), "candidate": str(candidate) if candidate else None})
        return
    what = (
        f"{harmless(candidate)} is in {harmless(space.name)}"
        if candidate
        else f"{harmless(space.name)} is a design space"
    )
    screen().print(f"{what} ({_size(space.size)} candidates)")


def _check_member(space: DesignSpace, path: Path) -> None:
    from protran.errors import InputError

    reason = space.why_not(_read(path))
    if reason is not None:
        raise InputError(f"{path} is not in {space.name}: {reason}")


def _read(path: Path) -> Candidate:
    from protran.cli.model_file import read_model

    return read_model(path).candidate


def _method(kinds: Any, text: str) -> Any:
    from protran.errors import InputError

    try:
        return kinds(text)
    except ValueError:
        known = ", ".join(kind.value for kind in kinds)
        raise InputError(f"--method must be one of {known}; got {text!r}") from None


def _summary(space: DesignSpace) -> dict[str, Any]:
    return {
        "name": space.name,
        "description": space.description,
        "source": space.source,
        "size": space.size,
        "key": space.key,
    }


def _size(size: int) -> str:
    return f"{size:,}" if size < 10**9 else f"{Decimal(size):.3g}"
