"""Words that add ways of deployment to a design space, so that nobody must write a space file for them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from search_spaces.candidate import Family
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.errors import SpaceError
from search_spaces.space import DesignSpace

PRUNED_SHARES = (0.0, 0.25, 0.5)
"""Choices of every layer's sparsity, of heads and of feed-forward channels, under the word `pruned`."""


class DeployWord(str, Enum):
    """A way of deployment that a user can ask for."""

    FP32 = "fp32"
    """32 bits in torch: what a space that lists no deployments has anyhow."""
    ONNX = "onnx"
    """32 bits in onnxruntime."""
    INT8 = "int8"
    """Both ways to 8 bits."""
    INT8_DYNAMIC = "int8-dynamic"
    INT8_STATIC = "int8-static"
    BF16 = "bf16"
    PRUNED = "pruned"
    """Every layer may lose shares of its heads and of its feed-forward channels."""
    MIXED = "mixed"
    """8 bits, where every layer may stay in fp32."""

    @property
    def needs_int8(self) -> bool:
        """Whether it adds models of 8 bits."""
        return any(deployment.precision.is_int8 for deployment in _ADDED[self].deployments)

    @property
    def needs_onnxruntime(self) -> bool:
        """Whether it adds models that only onnxruntime runs."""
        return any(deployment.runtime is Runtime.ONNXRUNTIME for deployment in _ADDED[self].deployments)


@dataclass(frozen=True)
class _Addition:
    """What a word adds to the choices of a space."""

    deployments: tuple[Deployment, ...] = ()
    shares: tuple[float, ...] = ()
    keep_fp32: tuple[bool, ...] = ()


_DYNAMIC = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
_STATIC = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME)
_ADDED = {
    DeployWord.FP32: _Addition((Deployment(),)),
    DeployWord.ONNX: _Addition((Deployment(runtime=Runtime.ONNXRUNTIME),)),
    DeployWord.INT8: _Addition((_DYNAMIC, _STATIC)),
    DeployWord.INT8_DYNAMIC: _Addition((_DYNAMIC,)),
    DeployWord.INT8_STATIC: _Addition((_STATIC,)),
    DeployWord.BF16: _Addition((Deployment(Precision.BF16),)),
    DeployWord.PRUNED: _Addition(shares=PRUNED_SHARES),
    DeployWord.MIXED: _Addition((_DYNAMIC, _STATIC), keep_fp32=(False, True)),
}


def deploy_words(texts: Iterable[str]) -> tuple[DeployWord, ...]:
    """Returns the words that `texts` name, each once, in their order.

    Raises:
        SpaceError: one of them is no such word.
    """
    return tuple(dict.fromkeys(_word(text) for text in texts))


def widened(space: DesignSpace, words: Sequence[DeployWord]) -> DesignSpace:
    """Returns `space` with what `words` add to its own ways of deployment; what it has already is not added again.

    Raises:
        SpaceError: a word is not for models of the space's family.
    """
    if space.family is Family.DECODER:
        _check_decoder(space, words)
    added = [_ADDED[word] for word in words]
    shares = {share for addition in added for share in addition.shares}
    deployments = [deployment for addition in added for deployment in addition.deployments]
    return dataclasses.replace(
        space,
        deployments=tuple(dict.fromkeys((*space.deployments, *deployments))),
        head_sparsity=tuple({*space.head_sparsity, *shares}),
        feed_forward_sparsity=tuple({*space.feed_forward_sparsity, *shares}),
        keep_fp32=tuple({*space.keep_fp32, *(choice for addition in added for choice in addition.keep_fp32)}),
    )


def _word(text: str) -> DeployWord:
    try:
        return DeployWord(text)
    except ValueError:
        known = [word.value for word in DeployWord]
        near = difflib.get_close_matches(str(text), known, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; take one of these"
        raise SpaceError(f"deploy: expected {', '.join(known[:-1])} or {known[-1]}, got {text!r}{hint}") from None


def _check_decoder(space: DesignSpace, words: Sequence[DeployWord]) -> None:
    for word in words:
        if word is DeployWord.PRUNED or word.needs_onnxruntime:
            raise SpaceError(
                f"deploy: {space.name} holds decoders, which run whole and in torch: expected fp32 or bf16, got "
                f"{word.value}; leave it out, or take a space of encoders"
            )
