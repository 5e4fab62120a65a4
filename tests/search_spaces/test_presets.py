"""Presets: well-known models, their counts beside the published ones."""

import pytest
import torch
from torch import nn

from search_spaces.candidate import Architecture, Candidate
from search_spaces.cost import count_candidate
from search_spaces.errors import SpaceError
from search_spaces.presets import BERT_INPUT, GPT_INPUT, MOTION_INPUT, PRESETS, preset, presets
from search_spaces.space import load_space

WORDS, POSITIONS, TYPES = 30_522, 512, 2


def bert_parameters(depth: int, hidden: int, size: int) -> int:
    """Returns the parameters of a BERT with pooler, written out: embeddings and norm, layers, pooler."""
    embedding = (WORDS + POSITIONS + TYPES + 2) * hidden
    attention = 4 * (hidden * hidden + hidden) + 2 * hidden
    feed_forward = hidden * size + size + size * hidden + hidden + 2 * hidden
    return embedding + depth * (attention + feed_forward) + hidden * hidden + hidden


def test_the_presets_are_those_that_are_promised():
    assert set(presets()) == {
        *("bert-base", "bert-mini", "bert-tiny", "distilbert", "tinybert-4", "minilm-6", "fnet", "convbert-like"),
        *("gpt2", "t1", "t2"),
    }


@pytest.mark.parametrize(
    ("name", "shape", "parameters"),
    [
        ("bert-base", (12, 768, 3072), 109_482_240),
        ("bert-mini", (4, 256, 1024), 11_170_560),
        ("bert-tiny", (2, 128, 512), 4_385_920),
        ("distilbert", (6, 768, 3072), 66_955_008),
        ("tinybert-4", (4, 312, 1200), 14_350_248),
        ("minilm-6", (6, 384, 1536), 22_713_216),
    ],
)
def test_berts_have_the_parameters_of_their_shape_exactly(name, shape, parameters):
    assert PRESETS[name].parameters == parameters == bert_parameters(*shape)


@pytest.mark.parametrize(
    ("name", "digits", "millions"),
    [("bert-base", 2, 110), ("bert-mini", 3, 11.2), ("bert-tiny", 2, 4.4), ("minilm-6", 3, 22.7), ("gpt2", 3, 124)],
)
def test_counts_round_to_the_published_number(name, digits, millions):
    assert PRESETS[name].published == f"{millions} M"
    assert float(f"{PRESETS[name].parameters / 1e6:.{digits}g}") == millions


def test_gpt2_has_the_parameters_of_its_published_weights_exactly():
    """Source: the weights at huggingface.co/openai-community/gpt2, the output layer being the embedding."""
    layers = 12 * (4 * 768 * 768 + 4 * 768 + 2 * 768 * 3072 + 3072 + 768 + 4 * 768)
    assert PRESETS["gpt2"].parameters == 124_439_808 == (50_257 + 1024) * 768 + layers + 2 * 768


def test_distilbert_is_published_without_pooler_and_token_types():
    pooler, types = 768 * 768 + 768, TYPES * 768
    original = PRESETS["distilbert"].parameters - pooler - types
    assert round(original / 1e6) == 66
    assert PRESETS["distilbert"].difference.startswith(f"{pooler + types:,} more")


def test_tinybert_is_one_percent_below_its_published_number():
    assert PRESETS["tinybert-4"].published == "14.5 M"
    assert f"{1 - PRESETS['tinybert-4'].parameters / 14.5e6:.1%}" == "1.0%"


def test_the_published_fnet_is_ours_without_the_linear_layers_around_the_transform():
    around = 12 * 2 * (768 * 768 + 768)
    vocabulary = (32_000 + 4 - WORDS - TYPES) * 768
    projection = 768 * 768 + 768
    original = PRESETS["fnet"].parameters - around + vocabulary + projection
    assert original == 82_861_056  # of transformers' FNetModel
    assert round(original / 1e6) == 83
    difference = PRESETS["fnet"].difference
    assert difference.startswith(f"{around - vocabulary - projection:,} more: {around:,} in")


def test_the_embedding_explains_most_of_what_the_mixed_model_has_more_than_convbert():
    more = PRESETS["convbert-like"].parameters - 14e6
    wide, narrow = (WORDS + POSITIONS + TYPES) * 256, (WORDS + POSITIONS + TYPES) * 128 + 128 * 256
    assert f"{more / 1e6:.1f}" == "3.6"
    assert (wide - narrow) / more > 0.9


class StudyTransformer(nn.Module):
    """The published model of the compression study, as modules: patches, class token, encoder, two linear layers."""

    def __init__(self, depth: int, heads: int, channels: int, patch: int = 8, hidden: int = 32, size: int = 256):
        super().__init__()
        self.patches = nn.Conv1d(channels, hidden, patch, stride=patch)
        self.class_token = nn.Parameter(torch.empty(1, 1, hidden))
        layer = nn.TransformerEncoderLayer(hidden, heads, size, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth)
        self.inner = nn.Linear(hidden, size)
        self.output = nn.Linear(size, 9)


def study_parameters(depth: int, heads: int, channels: int = 4, patch: int = 8) -> tuple[int, int]:
    """Returns the parameters of the study's model and of its encoder layers."""
    with torch.device("meta"):
        model = StudyTransformer(depth, heads, channels, patch)
    return tuple(sum(p.numel() for p in part.parameters()) for part in (model, model.encoder))


@pytest.mark.parametrize(("name", "depth", "heads"), [("t1", 8, 8), ("t2", 12, 16)])
def test_the_study_publishes_the_parameters_of_our_genes_in_its_own_structure(name, depth, heads):
    published, _ = study_parameters(depth, heads)
    assert PRESETS[name].published == f"{published:,}"
    assert published == {"t1": 180_041, "t2": 264_137}[name]
    assert PRESETS[name].difference.startswith(f"{published - PRESETS[name].parameters:,} fewer")
    layers = PRESETS[name].candidate.architecture.layers
    assert (len(layers), len(layers[0].heads)) == (depth, heads)


@pytest.mark.parametrize(("name", "depth", "heads"), [("t1", 8, 8), ("t2", 12, 16)])
def test_the_encoder_layers_of_the_study_are_exactly_ours(name, depth, heads):
    _, encoder = study_parameters(depth, heads)
    candidate = PRESETS[name].candidate
    first = Candidate(Architecture(candidate.architecture.layers[:1]))
    others = count_candidate(candidate, MOTION_INPUT).parameters - count_candidate(first, MOTION_INPUT).parameters
    assert others * depth == encoder * (depth - 1)


def test_patches_of_four_give_the_other_numbers_in_the_notebooks_of_the_study():
    assert [study_parameters(8, 8, patch=4)[0], study_parameters(12, 16, patch=4)[0]] == [179_529, 263_625]


def test_three_axes_without_their_magnitude_give_fewer_than_published():
    assert study_parameters(8, 8, channels=3)[0] == 180_041 - 256


@pytest.mark.parametrize("name", ["bert-base", "bert-mini", "bert-tiny", "distilbert", "tinybert-4", "minilm-6"])
def test_the_bert_family_holds_its_members(name):
    assert load_space("bert-family").why_not(preset(name)[0]) is None


@pytest.mark.parametrize(
    ("space", "name"),
    [
        ("timeseries", "t1"),
        ("timeseries", "t2"),
        ("flexibert-v1", "bert-tiny"),
        ("flexibert-v1", "bert-mini"),
        ("flexibert-v2", "bert-base"),
        ("flexibert-v2", "convbert-like"),
        ("gpt-small", "gpt2"),
    ],
)
def test_spaces_hold_the_presets_that_they_were_made_around(space, name):
    assert load_space(space).why_not(preset(name)[0]) is None


def test_presets_read_what_their_models_read():
    specs = {name: preset(name)[1] for name in presets()}
    assert {name for name, spec in specs.items() if spec == MOTION_INPUT} == {"t1", "t2"}
    assert specs["gpt2"] == GPT_INPUT
    assert all(spec == BERT_INPUT for name, spec in specs.items() if name not in ("gpt2", "t1", "t2"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("bert-tinny", "'bert-tinny': expected one of bert-base, .*; did you mean 'bert-tiny'"),
        ("MiniLM-6", "did you mean 'minilm-6'"),
        ("gpt", "'gpt': expected one of bert-base, bert-mini, .*t1, t2; did you mean 'gpt2'"),
        ("llama", "'llama': expected one of bert-base, bert-mini, .*t1, t2$"),
    ],
)
def test_an_unknown_preset_is_told_what_there_is_and_the_nearest(wrong, words):
    with pytest.raises(SpaceError, match=words):
        preset(wrong)
