"""Presets: well-known models."""

import pytest

from search_spaces.cost import count_candidate
from search_spaces.errors import SpaceError
from search_spaces.presets import preset, presets
from search_spaces.space import load_space


@pytest.mark.parametrize(("name", "millions"), [("bert-tiny", 4.4), ("bert-mini", 11.2)])
def test_presets_have_their_published_size_and_are_in_flexibert(name, millions):
    candidate, spec = preset(name)
    assert round(count_candidate(candidate, spec).parameters / 1e6, 1) == millions
    assert load_space("flexibert-v2").contains(candidate)
    assert name in presets()


def test_an_unknown_preset_is_told_what_there_is():
    with pytest.raises(SpaceError, match="'bert-huge': expected one of bert-mini, bert-tiny"):
        preset("bert-huge")
