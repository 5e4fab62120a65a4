"""What `protran space` says of a design space: as rows of a table, and as a JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from protran.report.architecture_line import candidate_line
from protran.report.plural import how_many
from search_spaces.candidate import Candidate, Family
from search_spaces.deployment import Deployment
from search_spaces.input_spec import InputKind, InputSpec

if TYPE_CHECKING:
    from search_spaces.space import DesignSpace
    from search_spaces.space_facts import SpaceFacts

_USUAL = {"bias": (True,), "head_sparsity": (0.0,), "feed_forward_sparsity": (0.0,), "keep_fp32": (False,)}
_LABELS = {"parameters": "parameters", "macs": "MACs"}


def choices(space: DesignSpace) -> list[tuple[str, str]]:
    """Returns rows of what `space` lets a candidate choose: gene and choices."""
    genes = ("layers", "hidden", "heads", "head_kinds", "stacks", "feed_forward")
    values = {gene: [getattr(choice, "value", choice) for choice in getattr(space, gene)] for gene in genes}
    facts = [
        ("name", space.name),
        ("description", space.description),
        ("candidates", short(space.size)),
        *((gene, ", ".join(map(str, values[gene]))) for gene in genes),
        *(("condition", condition.expression) for condition in space.conditions),
    ]
    if space.family is not Family.ENCODER:
        facts.append(("family", space.family.value))
    facts += _more_choices(space)
    if space.homogeneous_heads:
        facts.append(("heads", "all of one kind in a layer"))
    if space.uniform:
        facts.append(("uniform", f"{', '.join(sorted(gene.value for gene in space.uniform))}: equal in all layers"))
    return [*facts, ("source", space.source)] if space.source else facts


def _more_choices(space: DesignSpace) -> list[tuple[str, str]]:
    """Returns rows of the choices that most spaces leave at their defaults: biases, deployments, what they remove."""
    found = [
        (gene, ", ".join(_written(choice) for choice in getattr(space, gene)))
        for gene in _USUAL
        if getattr(space, gene) != _USUAL[gene]
    ]
    if space.deployments != (Deployment(),):
        found += [("deployment", _deployment(deployment)) for deployment in space.deployments]
    return found


def _written(choice: bool | float) -> str:
    return str(choice).lower() if isinstance(choice, bool) else f"{choice:g}"


def _deployment(deployment: Deployment) -> str:
    threads = how_many(deployment.threads, "thread")
    return f"{deployment.precision.value}, {deployment.runtime.value}, {threads}"


def rows(facts: SpaceFacts, inputs: Mapping[str, InputSpec]) -> list[tuple[str, str, str]]:
    """Returns rows of label, number and architecture line.

    Args:
        facts: what is in the space.
        inputs: the input specs that its ranges were counted for, in that order.
    """
    table = [("designs", short(facts.architectures), "architectures")]
    if facts.candidates != facts.architectures:
        table.append(("", short(facts.candidates), "candidates, with their deployments"))
    for (name, spec), ranges in zip(inputs.items(), facts.ranges, strict=True):
        table.append((name, "", _reads(spec)))
        for quantity, found in ranges.items():
            table.append(
                (f"  {_LABELS[quantity.value]}", f"from {found.least.value:,}", candidate_line(found.least.candidate))
            )
            table.append(("", f"to {found.most.value:,}", candidate_line(found.most.candidate)))
    examples = [("", candidate.key[:8], candidate_line(candidate)) for candidate in facts.examples]
    return [*table, ("examples", *examples[0][1:]), *examples[1:]]


def document(facts: SpaceFacts, inputs: Mapping[str, InputSpec]) -> dict[str, Any]:
    """Returns a JSON object: the number of designs, ranges with their extremes for each input, examples."""
    ranges = {
        name: {
            "input_spec": spec.to_json(),
            **{
                quantity.value: {
                    end: {"value": extreme.value, **_candidate(extreme.candidate)}
                    for end, extreme in (("least", found.least), ("most", found.most))
                }
                for quantity, found in counted.items()
            },
        }
        for (name, spec), counted in zip(inputs.items(), facts.ranges, strict=True)
    }
    examples = [_candidate(candidate) for candidate in facts.examples]
    return {"architectures": facts.architectures, "inputs": ranges, "examples": examples}


def short(number: int) -> str:
    """Returns a count of designs for people: in full below 10^9, else to three digits."""
    return f"{number:,}" if number < 10**9 else f"{Decimal(number):.3g}"


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {"key": candidate.key, "line": candidate_line(candidate), **candidate.to_json()}


def _reads(spec: InputSpec) -> str:
    if spec.kind is InputKind.TEXT:
        return f"{spec.length} tokens of {spec.vocabulary:,} words, the next word after each"
    if spec.kind is InputKind.TOKENS:
        return f"{spec.length} tokens of {spec.vocabulary:,} words, {spec.classes} classes"
    channels = f"{spec.length} samples of {spec.channels} channels"
    return f"{channels} in {spec.sequence_length} patches of {spec.patch}, {spec.classes} classes"
