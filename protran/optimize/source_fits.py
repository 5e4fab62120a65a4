"""Surrogates of other devices, and what the fit of a new one made of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from protran.features import FeatureMap
from protran.optimize.sources import SourceRows
from surrogates.errors import SurrogateError
from surrogates.sourced_gp import SourcedGP
from surrogates.transfer_source import SourceDevice


def source_device(source: SourceRows, features: FeatureMap, quantities: Sequence[str]) -> SourceDevice:
    """Returns a source with its own surrogate, its outputs in the order of `quantities`.

    The fit takes a second or so and is a pure function of the arguments: it is remembered in `source`.

    Raises:
        SurrogateError: a value is not positive.
    """
    key = features.key, tuple(quantities)
    if key not in source.fits:
        unknown = (torch.nan,) * len(source.candidates)
        x = features.of_candidates(source.candidates)[:, features.columns(features.hardware_names)]
        values, variances = (
            torch.tensor([known.get(name, unknown) for name in quantities], dtype=torch.float64).T
            for known in (source.values, source.variances)
        )
        source.fits[key] = SourceDevice.fit(source.name, x, values, variances)
    return source.fits[key]


def usable_sources(
    sources: Sequence[SourceRows], features: FeatureMap, quantities: Sequence[str]
) -> tuple[list[SourceDevice], tuple[str, ...]]:
    """Returns the sources by `source_device`, without those that cannot be fitted, and a sentence on each of these.

    Nothing about another device may stop a campaign.
    """
    devices, faults = list[SourceDevice](), list[str]()
    for source in sources:
        try:
            devices.append(source_device(source, features, quantities))
        except SurrogateError as error:
            faults.append(f"leaves {source.name} out: {error}")
    return devices, tuple(faults)


def source_remarks(surrogate: SourcedGP, objectives: Sequence[str]) -> tuple[str, ...]:
    """Returns a sentence for each objective on the sources in use, then one on each that was dropped, with the reason.

    Args:
        surrogate: fitted.
        objectives: names, in the order of its outputs.
    """
    used = [
        f"{name}: starts from {', '.join(surrogate.sources_of(output))}, which count {surrogate.weight_of(output):.0%}"
        for output, name in enumerate(objectives)
        if surrogate.sources_of(output)
    ]
    dropped = [f"{objectives[entry.output]}: leaves {entry.source} out: {entry.reason}" for entry in surrogate.dropped]
    return (*used, *dropped)
