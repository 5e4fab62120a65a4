"""`protran space`: the design spaces that there are, what is in them, and whether a file is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, print_pairs, screen

if TYPE_CHECKING:
    from search_spaces.candidate import Candidate, Family
    from search_spaces.input_spec import InputSpec
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
    from protran.cli.space_text import short
    from search_spaces.space import builtin_spaces, load_space

    spaces = [load_space(name) for name in builtin_spaces()]
    if as_json:
        print_json({"spaces": [_summary(space) for space in spaces]})
        return
    print_pairs(screen(), [(space.name, f"{short(space.size)} candidates", space.description) for space in spaces])


@app.command("show")
def show(name: SpaceName, as_json: JsonFlag = False) -> None:
    """Show the choices and conditions of a design space.

    Example: protran space show edge-small
    """
    from protran.cli.space_text import choices
    from search_spaces.space import load_space

    space = load_space(name)
    if as_json:
        print_json({**_summary(space), "space": space.to_json()})
        return
    print_pairs(screen(), choices(space))


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
        str | None, typer.Option(metavar="FILE.json|PRESET", help="A candidate: is it in the space, and if not, why?")
    ] = None,
    reads: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="tokens|windows|text",
            help="What the ranges are counted for: tokens (128 of BERT's vocabulary, 2 classes) or windows (151 "
            "samples of 3 channels in patches of 5, 7 classes, as in the watch task), both if left out; decoders read "
            "text (1024 of GPT-2's vocabulary, the next of them predicted).",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Explain a design space: how many designs, what the smallest and the largest cost, examples. Ends with 2 if bad.

    Costs are parameters, and multiply-accumulates (MACs) of one full-length input; their ranges are exact.

    Example: protran space check my-space.yaml --input windows
    """
    from protran.cli.space_text import document, rows, short
    from search_spaces.space import load_space

    space = load_space(name)
    inputs = _inputs(reads, space.family)
    if candidate is not None:
        _check_member(space, candidate)
        if as_json:
            print_json({"ok": True, **_summary(space), "candidate": candidate})
        else:
            screen().print(f"{harmless(candidate)} is in {harmless(space.name)} ({short(space.size)} candidates)")
        return
    from search_spaces.space_facts import space_facts

    facts = space_facts(space, tuple(inputs.values()))
    if as_json:
        print_json({"ok": True, **_summary(space), "candidate": None, **document(facts, inputs)})
        return
    screen().print(f"{harmless(space.name)} is a design space")
    print_pairs(screen(), rows(facts, inputs))


def _inputs(reads: str | None, family: Family) -> dict[str, InputSpec]:
    """Returns the input specs that ranges are counted for, by their kind."""
    from protran.cli.usual_inputs import usual_inputs
    from protran.errors import InputError

    known = usual_inputs(family)
    if reads is None:
        return known
    if reads not in known:
        raise InputError(f"--input must be one of {', '.join(known)} where models are {family.value}s; got {reads!r}")
    return {reads: known[reads]}


def _check_member(space: DesignSpace, candidate: str) -> None:
    from protran.errors import InputError

    reason = space.why_not(_read(candidate))
    if reason is not None:
        raise InputError(f"{candidate} is not in {space.name}: {reason}")


def _read(text: str) -> Candidate:
    """Returns a preset by its name, or the candidate in a file."""
    from protran.cli.model_file import read_model
    from search_spaces.presets import preset, presets

    path = Path(text)
    if text in presets() or (not path.suffix and not path.exists()):
        return preset(text)[0]
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
