"""What a study does."""

import pytest

from protran.errors import InputError
from protran.studies.models.contestants import Contestant
from protran.studies.models.forms import FORMS
from protran.studies.models.plan import Point, spec_of
from search_spaces.presets import preset


def test_every_call_is_timed_once_and_batch_1_always(make_plan):
    plan = make_plan(length=16, batches=(2, 4), lengths=(8, 16))
    assert list(plan.points()) == [Point(16, 1), Point(16, 2), Point(16, 4), Point(8, 1)]


def test_small_models_are_trained_more_often_than_large_ones(make_plan):
    spec = spec_of(30522, 16, 3, multi_label=True)
    tiny, mini = (Contestant(name, preset(name)[0].architecture) for name in ("bert-tiny", "bert-mini"))
    usual = make_plan(repeats=None)
    assert [usual.repeats_of(one, spec) for one in (tiny, mini)] == [3, 1]
    assert make_plan(repeats=5).repeats_of(mini, spec) == 5


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"batches": (1, 1)}, "batches must be different numbers of at least 1, got 1, 1"),
        ({"lengths": (0,)}, "lengths must be different numbers"),
        ({"length": 2}, "lengths must be from 3 to the 512 positions"),
        ({"lengths": (513,)}, "lengths must be from 3 to the 512 positions"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"documents": 0}, "training documents must be at least 1"),
        ({"forms": FORMS[1:]}, "expected the form fp32 torch"),
    ],
)
def test_what_cannot_be_is_told(make_plan, fields, words):
    with pytest.raises(InputError, match=words):
        make_plan(**fields)
