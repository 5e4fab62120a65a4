"""Facts of a space: exact extremes, against brute force over tiny spaces and samples of the built-in ones."""

import dataclasses

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from search_spaces.candidate import HEAD_KINDS
from search_spaces.conditions import Condition
from search_spaces.cost import count, count_candidate
from search_spaces.deployment import Deployment
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, Gene, builtin_spaces, load_space
from search_spaces.space_facts import EXAMPLES, Counted, cost_range, space_facts

TOKENS = InputSpec(InputKind.TOKENS, length=9, classes=3, vocabulary=40)
WINDOWS = InputSpec(InputKind.WINDOWS, length=30, classes=4, channels=2, patch=5)
TEXT = InputSpec(InputKind.TEXT, length=9, classes=40, vocabulary=40)
SPECS = pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
READ_BY_BUILTIN = pytest.mark.parametrize(
    ("name", "spec"),
    [
        pytest.param(name, spec, id=f"{name} {spec.kind.value}")
        for name in builtin_spaces()
        for spec in (TOKENS, WINDOWS, TEXT)
        if spec.kind.family is load_space(name).family
    ],
)
MOST_DESIGNS = 3000  # of a space that is counted whole
CONDITIONS = ("width >= 3", "hidden % heads == 0", "feed_forward >= hidden", "feed_forward <= 2 * hidden")
UNIFORM = ([], [Gene.HIDDEN], [Gene.HIDDEN, Gene.HEADS], [Gene.HIDDEN, Gene.FEED_FORWARD], list(Gene))


def choices(values, most: int):
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


@st.composite
def tiny_spaces(draw) -> DesignSpace:
    try:
        space = DesignSpace(
            name="tiny",
            layers=draw(choices([1, 2, 3], 2)),
            hidden=draw(choices([3, 4, 7, 8, 12, 20], 3)),
            heads=draw(choices([1, 2, 3, 5], 2)),
            head_kinds=draw(choices(HEAD_KINDS, 2)),
            stacks=draw(choices([1, 2, 3], 2)),
            feed_forward=draw(choices([2, 5, 9, 16, 30], 2)),
            homogeneous_heads=draw(st.booleans()),
            uniform=frozenset(draw(st.sampled_from(UNIFORM))),
            conditions=tuple(Condition(text) for text in draw(st.lists(st.sampled_from(CONDITIONS), max_size=2))),
        )
    except SpaceError:  # nothing meets the conditions
        reject()
    if space.size <= MOST_DESIGNS:
        return space
    return dataclasses.replace(space, layers=(1, 2), stacks=(1,), homogeneous_heads=True)


@SPECS
@settings(max_examples=25, deadline=None)
@given(space=tiny_spaces())
def test_the_extremes_of_a_tiny_space_are_those_of_all_its_candidates(spec, space):
    everything = [nth_candidate(space, number) for number in range(space.size)]
    cost = count(genes_of(everything), spec)
    for quantity in Counted:
        counted = getattr(cost, quantity.value)
        found = cost_range(space, spec, quantity)
        assert (found.least.value, found.most.value) == (counted.min(), counted.max())


@READ_BY_BUILTIN
def test_extremes_are_candidates_of_the_space_and_cost_what_is_said(name, spec):
    space = load_space(name)
    for quantity in Counted:
        found = cost_range(space, spec, quantity)
        for extreme in (found.least, found.most):
            assert space.why_not(extreme.candidate) is None
            assert getattr(count_candidate(extreme.candidate, spec), quantity.value) == extreme.value


@READ_BY_BUILTIN
def test_no_sampled_candidate_lies_outside_the_range(name, spec):
    space = load_space(name)
    cost = count(genes_of(sample(space, 300, SamplingMethod.RANDOM, seed=1)), spec)
    for quantity in Counted:
        counted = getattr(cost, quantity.value)
        found = cost_range(space, spec, quantity)
        assert found.least.value <= counted.min() <= counted.max() <= found.most.value


def test_a_path_through_several_hidden_sizes_can_be_the_cheapest():
    """A narrow first layer saves embeddings; a wide last one is forced by what conditions leave to the narrow one."""
    space = DesignSpace(
        name="bent",
        layers=(2,),
        hidden=(4, 6),
        heads=(1,),
        head_kinds=(HEAD_KINDS[0],),
        stacks=(1,),
        feed_forward=(8, 2000),
        conditions=(Condition("feed_forward >= 3000 - 500 * hidden"),),  # 4 wide needs 2000, 6 wide takes 8 or more
    )
    spec = dataclasses.replace(TOKENS, vocabulary=30_000)
    least = cost_range(space, spec, Counted.PARAMETERS).least
    assert [layer.hidden for layer in least.candidate.architecture.layers] == [4, 6]
    counted = count(genes_of([nth_candidate(space, number) for number in range(space.size)]), spec).parameters
    assert least.value == counted.min()


def test_designs_are_counted_with_and_without_deployments():
    space = dataclasses.replace(load_space("edge-small"), deployments=(Deployment(), Deployment(threads=2)))
    facts = space_facts(space, ())
    assert facts.candidates == space.size == 2 * facts.architectures
    assert facts.ranges == ()


def test_examples_are_different_candidates_of_the_space_and_always_the_same():
    space = load_space("timeseries")
    examples = space_facts(space, (WINDOWS,)).examples
    assert len(set(examples)) == EXAMPLES
    assert all(space.contains(candidate) for candidate in examples)
    assert examples == space_facts(space, (WINDOWS,)).examples


def test_a_space_of_one_design_has_one_example():
    space = DesignSpace("one", (1,), (8,), (1,), (HEAD_KINDS[0],), (1,), (8,))
    assert len(space_facts(space, (TOKENS,)).examples) == 1
