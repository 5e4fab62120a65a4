"""Input specs: checks, positions, JSON."""

import pytest

from search_spaces.candidate import Family
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec

WINDOWS = {"kind": "windows", "length": 151, "classes": 7, "channels": 3, "patch": 5}

TEXT = {"kind": "text", "length": 64, "classes": 500, "vocabulary": 500}


def test_positions_are_tokens_or_whole_patches():
    assert InputSpec(**WINDOWS).sequence_length == 30
    assert InputSpec(InputKind.TOKENS, length=128, classes=2).sequence_length == 128
    assert InputSpec(**TEXT).sequence_length == 64


@pytest.mark.parametrize("payload", [WINDOWS, TEXT, {"kind": "tokens", "length": 9, "classes": 2, "multi_label": True}])
def test_json_round_trips_keep_the_spec_and_its_key(payload):
    spec = InputSpec.from_json(payload)
    assert spec.to_json() == payload
    assert InputSpec.from_json(spec.to_json()).key == spec.key


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "images"}, "tokens, windows, text; got 'images'"),
        ({"length": 0}, "length must be"),
        ({"classes": 1.5}, "classes must be"),
        ({"channels": True}, "channels must be"),
        ({"patch": 152}, "patch .152. must not exceed the length"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_bad_spec_is_refused(changes, words):
    with pytest.raises(SpaceError, match=words):
        InputSpec.from_json(WINDOWS | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": 2}, r"classes equal to vocabulary \(500\), got 2; set both"),
        ({"vocabulary": 7}, r"classes equal to vocabulary \(7\), got 500"),
        ({"multi_label": True}, "multi_label false for text, got true"),
    ],
)
def test_text_predicts_one_token_of_its_vocabulary(changes, words):
    with pytest.raises(SpaceError, match=words):
        InputSpec.from_json(TEXT | changes)


@pytest.mark.parametrize(
    ("payload", "family", "other", "words"),
    [
        (WINDOWS, Family.ENCODER, Family.DECODER, "kind text for the family decoder, got windows; .* family encoder"),
        (TEXT, Family.DECODER, Family.ENCODER, "kind tokens or windows for the family encoder, got text; .* decoder"),
    ],
)
def test_a_spec_is_read_by_one_family_alone(payload, family, other, words):
    spec = InputSpec.from_json(payload)
    spec.check_family(family)
    assert spec.kind.family is family
    with pytest.raises(SpaceError, match=words):
        spec.check_family(other)


def test_a_payload_that_is_no_object_is_refused():
    with pytest.raises(SpaceError, match="input spec"):
        InputSpec.from_json(None)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"kind": "text", "length": 64, "vocabulary": 100}, "input spec: 'classes' is missing"),
        ({"kind": "tokens", "length": 8, "classes": 2, "words": 9}, "input spec: unknown gene 'words'"),
        ([], "input spec: expected a JSON object, got list"),
    ],
)
def test_what_is_no_input_spec_is_refused_in_plain_words(payload, message):
    with pytest.raises(SpaceError, match=message):
        InputSpec.from_json(payload)
