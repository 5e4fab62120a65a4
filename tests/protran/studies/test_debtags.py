from contextlib import contextmanager

import pytest
from debtags_lists import TAGS, many_packages, package, write_lists

from protran.studies import debtags
from protran.studies.debtags import DebtagsOptions, load_debtags
from protran.studies.debtags_apt import Lists
from protran.studies.texts import TextsError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def load(tmp_path):
    def read(packages, **options):
        first, second = write_lists(tmp_path, packages)
        return load_debtags(DebtagsOptions(packages=first, translation=second, **{"top": 3, **options}))

    return read


@pytest.fixture
def fetches(tmp_path, monkeypatch):
    """What apt would fetch, and how often it did."""
    counted = {"packages": many_packages(), "times": 0}

    @contextmanager
    def fetch(run):
        counted["times"] += 1
        first, second = write_lists(tmp_path, counted["packages"])
        yield Lists((first,), (second,), "Debian's package lists of today.")

    monkeypatch.setattr(debtags, "fetched_lists", fetch)
    return counted


def sources(part):
    return {text.removeprefix("about ") for text in part.texts}


def test_the_commonest_tags_are_the_labels_and_the_sets_share_nothing(load):
    data = load(many_packages())
    assert data.label_names == (TAGS[0], TAGS[2], TAGS[1])
    assert data.multi_label and data.rows == 60 and data.left_out == {}
    assert sorted(name for part in data.sets.values() for name in sources(part)) == sorted(
        f"tool{number}" for number in range(60)
    )
    for part in data.sets.values():
        for name, labels in zip((text.removeprefix("about tool") for text in part.texts), part.labels, strict=True):
            assert {data.label_names[label] for label in labels} == {TAGS[0], TAGS[int(name) % 3]}


def test_about_a_quarter_is_tested_on_and_a_tenth_of_the_rest_validates(load):
    data = load(many_packages(400))
    assert 80 <= len(data.test) <= 120
    assert len(data.validation) == round((400 - len(data.test)) * 0.1)


def test_which_packages_are_tested_on_depends_on_their_names_alone(load):
    few, many = load(many_packages(60)), load(many_packages(200), seed=5)
    assert sources(few.test) <= sources(many.test)
    assert not sources(few.train) & sources(many.test)
    assert sources(load(many_packages(60), seed=1).validation) != sources(few.validation)


def test_what_is_left_out_is_counted(load):
    extra = [
        package("copy", TAGS[0], "about tool0"),
        package("rare", "use::scanning"),
        package("tool1-extra", TAGS[0], source="tool1"),
    ]
    data = load([*many_packages(), *extra])
    assert data.left_out == {
        "another package of the same source is kept": 1,
        "no kept tag": 1,
        "same text as a kept one": 1,
    }
    assert data.rows == 63 == sum(map(len, data.sets.values())) + sum(data.left_out.values())


def test_the_notes_name_the_lists_and_say_who_made_the_tags(load):
    notes = load(many_packages()).notes
    assert notes[0].startswith("Package lists Packages and Translation-en, SHA-256 of both ")
    assert "made by volunteers" in notes[1]


def test_lists_are_fetched_once_and_then_read_from_the_cache(fetches, cache):
    first = load_debtags(DebtagsOptions(top=3))
    fetches["packages"] = many_packages(90)
    assert load_debtags(DebtagsOptions(top=3)) == first
    assert fetches["times"] == 1
    assert first.notes[0] == "Debian's package lists of today."
    assert [path.name for path in cache.iterdir()] == ["debtags-1.jsonl"]


def test_a_refresh_fetches_again_and_changes_the_version_with_the_data(fetches):
    first = load_debtags(DebtagsOptions(top=3))
    assert load_debtags(DebtagsOptions(top=3, refresh=True)).version == first.version
    fetches["packages"] = many_packages(90)
    assert load_debtags(DebtagsOptions(top=3, refresh="true")).version != first.version
    assert load_debtags(DebtagsOptions(top=3)).rows == 90


def test_a_refresh_that_fails_leaves_the_old_lists(fetches):
    first = load_debtags(DebtagsOptions(top=3))
    fetches["packages"] = [package("a", "")]
    with pytest.raises(TextsError, match="expected packages with tags"):
        load_debtags(DebtagsOptions(top=3, refresh=True))
    assert load_debtags(DebtagsOptions(top=3)) == first


def test_damaged_lists_in_the_cache_are_not_replaced_by_newer_ones_unasked(fetches, cache):
    load_debtags(DebtagsOptions(top=3))
    path = cache / "debtags-1.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TextsError, match=r"damaged file; remove it, or fetch today's lists with refresh=true"):
        load_debtags(DebtagsOptions(top=3))
    assert load_debtags(DebtagsOptions(top=3, refresh=True)).rows == 60


def test_given_lists_are_converted_once_for_each_content(load, cache, monkeypatch):
    first = load(many_packages())
    monkeypatch.setattr(debtags, "join_lists", None)  # would fail if it were called
    assert load(many_packages()) == first
    monkeypatch.undo()
    monkeypatch.setenv("PROTRAN_CACHE", str(cache))
    assert load(many_packages(61)).rows == 61
    for path in cache.iterdir():
        path.write_bytes(b"damaged")
    assert load(many_packages()) == first


def test_too_few_tags_or_packages_are_refused(load):
    with pytest.raises(TextsError, match="expected at least 4 tags, got 3; choose a smaller top"):
        load(many_packages(), top=4)
    with pytest.raises(TextsError, match="expected packages to test on, got none among 1; give longer lists"):
        load([package("tool1", ", ".join(TAGS))])
    with pytest.raises(TextsError, match="expected documents for training and for validation, got 0"):
        load([package("tool2", ", ".join(TAGS))])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"top": 0}, "top must be a whole number of at least 1, got 0"),
        ({"seed": "1"}, "seed must be a whole number"),
        ({"validation": 0.9}, "change validation or test"),
        ({"refresh": "soon"}, "refresh must be true or false"),
        ({"packages": 3}, "packages must be the path of a file"),
        ({"packages": "a"}, "got packages alone; give translation=FILE too"),
        ({"translation": "a"}, "got translation alone; give packages=FILE too"),
    ],
)
def test_a_bad_option_is_one_sentence(options, sentence):
    with pytest.raises(TextsError, match=sentence):
        DebtagsOptions(**options)


def test_lists_that_are_not_there_are_one_sentence(tmp_path):
    with pytest.raises(TextsError, match="absent: expected a list of Debian's packages, got no such file"):
        load_debtags(DebtagsOptions(packages=tmp_path / "absent", translation=tmp_path / "absent"))
