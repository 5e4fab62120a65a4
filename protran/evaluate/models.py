"""The surrogates that can be evaluated, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from protran.errors import InputError
from protran.features import FAINT_HARDWARE_COLUMNS
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

GP, TREES, TRANSFER, PUBLISHED = "gp", "trees", "transfer", "published"

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


def models_with(sources: Sequence[SourceDevice], seed: int) -> Mapping[str, Callable[[], Surrogate]]:
    """Returns what can be fitted, by name: without sources there is no transfer.

    Args:
        sources: devices measured before.
        seed: of the folds of `auto`.
    """

    def transfer() -> TransferSurrogate:
        return TransferSurrogate(sources, FAINT_HARDWARE_COLUMNS)

    leader = Member(TRANSFER, transfer, LEADER_TRUST) if sources else Member(GP, MODELS[GP], LEADER_TRUST)
    members = (leader, Member(TREES, MODELS[TREES], 1.0))
    return {**MODELS, **({TRANSFER: transfer} if sources else {}), AUTO: lambda: StackedSurrogate(members, seed)}


def check_models(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names, each once.

    Raises:
        InputError: there is none, or one is unknown.
    """
    known = (AUTO, *MODELS, TRANSFER)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise InputError(f"expected models among {', '.join(known)}, got {unknown[0] if unknown else 'none'!r}")
    return tuple(dict.fromkeys(names))
