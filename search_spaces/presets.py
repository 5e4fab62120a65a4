"""Well-known models by name, as near as this package can express them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from search_spaces.candidate import Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec

BERT_INPUT = InputSpec(InputKind.TOKENS, length=128, classes=2)
"""Sentences of 128 tokens of BERT's vocabulary, two classes: as GLUE's single-sentence tasks are run."""
MOTION_INPUT = InputSpec(InputKind.WINDOWS, length=151, classes=9, channels=4, patch=8)
"""Windows of UniMiB SHAR as the compression study reads them: three axes and their magnitude, patches of 8."""
GPT_INPUT = InputSpec(InputKind.TEXT, length=1024, classes=50_257, vocabulary=50_257)
"""The longest text that GPT-2 reads, in tokens of its vocabulary."""


@dataclass(frozen=True)
class Preset:
    """A well-known model.

    Attributes:
        candidate: its nearest relative here; the layers are exactly its own unless `difference` says otherwise.
        input_spec: what it reads.
        published: the number of parameters that its authors give, as they round it.
        source: where that number and the shape come from.
        difference: how ours differs, with the number of parameters; empty where nothing does.
        whole: whether the published number counts the final classifier too.
    """

    candidate: Candidate
    input_spec: InputSpec
    published: str
    source: str
    difference: str = ""
    whole: bool = False

    @property
    def parameters(self) -> int:
        """Trained parameters, counted as the published number is: without the final classifier unless `whole`."""
        counted: int = count_candidate(self.candidate, self.input_spec).parameters
        final = (self.candidate.architecture.layers[-1].hidden + 1) * self.input_spec.classes
        return counted if self.whole else counted - final


def _equal_layers(depth: int, hidden: int, heads: tuple[HeadKind, ...], size: int) -> Candidate:
    return Candidate(Architecture((Layer(hidden, heads, (size,)),) * depth))


def _attention(depth: int, hidden: int, heads: int, size: int) -> Candidate:
    return _equal_layers(depth, hidden, (HeadKind.SCALED_DOT_PRODUCT,) * heads, size)


def _decoder(depth: int, hidden: int, heads: int, size: int) -> Candidate:
    layer = Layer(hidden, (HeadKind.SCALED_DOT_PRODUCT,) * heads, (size,))
    return Candidate(Architecture((layer,) * depth, Family.DECODER))


_MIXED = (HeadKind.SCALED_DOT_PRODUCT,) * 2 + (HeadKind.CONVOLUTION_9,) * 2
_TURC = "Turc et al. (arXiv:1908.08962), table 1"
_STUDY = "Irani, Optimizing Transformer Models for Energy Efficiency (github.com/habibirani/Green-Computing-Project)"
_STUDY_DIFFERENCE = (
    "9,856 fewer: the mean over positions and one linear layer in place of a class token and two linear layers, and "
    "learned positions in place of sines"
)

PRESETS: dict[str, Preset] = {
    "bert-base": Preset(_attention(12, 768, 12, 3072), BERT_INPUT, "110 M", "Devlin et al. (arXiv:1810.04805)"),
    "bert-mini": Preset(_attention(4, 256, 4, 1024), BERT_INPUT, "11.2 M", _TURC),
    "bert-tiny": Preset(_attention(2, 128, 2, 512), BERT_INPUT, "4.4 M", _TURC),
    "distilbert": Preset(
        _attention(6, 768, 12, 3072),
        BERT_INPUT,
        "66 M",
        "Sanh et al. (arXiv:1910.01108)",
        "592,128 more: the original has no pooler (590,592) and no token types (1,536)",
    ),
    "tinybert-4": Preset(
        _attention(4, 312, 12, 1200),
        BERT_INPUT,
        "14.5 M",
        "Jiao et al. (arXiv:1909.10351)",
        "the shape is the original's, yet its parameters are 1.0 % fewer than the paper's rounded number",
    ),
    "minilm-6": Preset(_attention(6, 384, 12, 1536), BERT_INPUT, "22.7 M", "all-MiniLM-L6-v2; arXiv:2002.10957"),
    "fnet": Preset(
        _equal_layers(12, 768, (HeadKind.FOURIER,), 3072),
        BERT_INPUT,
        "83 M",
        "Lee-Thorp et al. (arXiv:2105.03824), FNet-base",
        "12,446,976 more: 14,174,208 in linear layers around the transform, which FNet has not; less 1,136,640 for "
        "FNet's larger vocabulary and its types, and 590,592 for a projection after its embedding",
    ),
    "convbert-like": Preset(
        _equal_layers(12, 256, _MIXED, 1024),
        BERT_INPUT,
        "14 M",
        "Jiang et al. (arXiv:2008.02496), ConvBERT-small",
        "3.6 M more, most of it in the embedding, which is 128 wide in the original and projected to 256 (its form in "
        "`transformers` has 13.1 M); two of four heads are convolutions of kernel 9, as there",
    ),
    "gpt2": Preset(
        _decoder(12, 768, 12, 3072),
        GPT_INPUT,
        "124 M",
        "github.com/openai/gpt-2, which corrects the 117 M of Radford et al. (2019)",
        whole=True,
    ),
    "t1": Preset(_attention(8, 32, 8, 256), MOTION_INPUT, "180,041", _STUDY, _STUDY_DIFFERENCE, whole=True),
    "t2": Preset(_attention(12, 32, 16, 256), MOTION_INPUT, "264,137", _STUDY, _STUDY_DIFFERENCE, whole=True),
}


def presets() -> tuple[str, ...]:
    """Returns the names of the presets."""
    return tuple(PRESETS)


def preset(name: str) -> tuple[Candidate, InputSpec]:
    """Returns the candidate and the input spec of a well-known model.

    Raises:
        SpaceError: there is no preset of this name; the message names the nearest one.
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SpaceError(f"no preset {name!r}: expected one of {', '.join(presets())}{hint}")
    return PRESETS[name].candidate, PRESETS[name].input_spec
