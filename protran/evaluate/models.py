"""The surrogates that can be evaluated, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from protran.errors import InputError
from protran.features import FAINT_HARDWARE_COLUMNS
from surrogates.average_power import AveragePower
from surrogates.base import Surrogate
from surrogates.boshnas import Boshnas
from surrogates.ensemble import DeepEnsemble
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.published_trees import PublishedTrees
from surrogates.stacked import Member, StackedSurrogate
from surrogates.transfer import TransferSurrogate
from surrogates.transfer_source import SourceDevice
from surrogates.trees import BoostedTrees

LEADER_TRUST = 2.0
"""Trust in processes relative to trees (see `surrogates.stacked.USUAL`)."""

GP, TREES, TRANSFER, JOINT, PUBLISHED = "gp", "trees", "transfer", "joint", "published"
LATENCY, ENERGY = "latency_s", "energy_j"

AUTO = "auto"
"""A process (learning from other devices where there are any) and trees, weighed by rows that they have not seen."""


def _hardware_gp() -> HeteroscedasticGP:
    """Returns a process that expects little of the mix of operations beside the sizes."""
    return HeteroscedasticGP(faint=FAINT_HARDWARE_COLUMNS)


MODELS: dict[str, Callable[[], Surrogate]] = {
    GP: _hardware_gp,
    TREES: BoostedTrees,
    "ensemble": DeepEnsemble,
    "boshnas": Boshnas,
    PUBLISHED: PublishedTrees,
}
"""What needs no other devices. Networks are no members of `auto`: they cost seconds a fit and are no better."""


def models_with(
    sources: Sequence[SourceDevice], seed: int, targets: Sequence[str] = ()
) -> Mapping[str, Callable[[], Surrogate]]:
    """Returns what can be fitted, by name: no transfer without sources, nothing joint without both its measures.

    Args:
        sources: devices measured before.
        seed: of the folds of `auto`.
        targets: names of the outputs.
    """

    def transfer() -> TransferSurrogate:
        return TransferSurrogate(sources, FAINT_HARDWARE_COLUMNS)

    leader = Member(TRANSFER, transfer, LEADER_TRUST) if sources else Member(GP, MODELS[GP], LEADER_TRUST)
    members, more = [leader, Member(TREES, MODELS[TREES], 1.0)], {TRANSFER: transfer} if sources else {}
    found: dict[str, Callable[[], Surrogate]] = {**MODELS, **more}
    if {LATENCY, ENERGY} <= {*targets}:
        energy, latency = targets.index(ENERGY), targets.index(LATENCY)
        found[JOINT] = lambda: AveragePower(energy, latency, FAINT_HARDWARE_COLUMNS)
        members.insert(1, Member(JOINT, found[JOINT], LEADER_TRUST, (energy,)))
    return {**found, AUTO: lambda: StackedSurrogate(members, seed)}


def check_models(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names, each once.

    Raises:
        InputError: there is none, or one is unknown.
    """
    known = (AUTO, *MODELS, JOINT, TRANSFER)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise InputError(f"expected models among {', '.join(known)}, got {unknown[0] if unknown else 'none'!r}")
    return tuple(dict.fromkeys(names))
