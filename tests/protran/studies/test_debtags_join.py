import pytest
from debtags_lists import package, write_lists

from protran.studies.debtags_join import join_lists
from protran.studies.text_snapshot import Entry
from protran.studies.texts import TextsError


@pytest.fixture
def join(tmp_path):
    def read(*packages):
        first, second = write_lists(tmp_path, packages)
        return join_lists([first], [second], "From tests.")

    return read


def test_a_package_has_its_long_description_and_its_tags_of_both_facets(join):
    text = "Edit  texts\n A long\n .\n description."
    snapshot = join(package("ed", "use::editing,\n works-with::text, works-with-format::xml, use::TODO", text))
    assert snapshot.entries == (Entry("ed", "Edit texts A long description.", ("use::editing", "works-with::text")),)
    assert (snapshot.origin, snapshot.left_out) == ("From tests.", {})


def test_of_a_source_the_package_of_its_name_is_kept_else_the_first_by_name(join):
    snapshot = join(
        package("vim-tiny", "use::editing", source="vim"),
        package("vim", "use::viewing"),
        package("b-tools", "use::viewing", source="tools (1.0)"),
        package("a-tools", "use::editing", source="tools"),
    )
    assert [(entry.group, entry.text) for entry in snapshot.entries] == [
        ("tools", "about a-tools"),
        ("vim", "about vim"),
    ]
    assert snapshot.left_out == {"another package of the same source is kept": 2}


def test_packages_without_a_kept_tag_speak_for_no_source(join):
    snapshot = join(package("vim", ""), package("vim-tiny", "use::editing", source="vim"), package("x", "admin::boot"))
    assert [entry.text for entry in snapshot.entries] == ["about vim-tiny"]


def test_a_package_in_two_lists_counts_once_and_descriptions_are_looked_up_in_all(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    old = write_lists(tmp_path / "first", [package("ed", "use::editing", "old"), package("less", "use::viewing")])
    new = write_lists(tmp_path / "second", [package("ed", "use::viewing", "new"), package("cat", "use::viewing")])
    snapshot = join_lists([old[0], new[0]], [new[1], old[1]], "")
    assert [(entry.text, entry.labels) for entry in snapshot.entries] == [
        ("about cat", ("use::viewing",)),
        ("old", ("use::editing",)),
        ("about less", ("use::viewing",)),
    ]


def test_a_package_without_a_long_description_is_left_out_and_counted(join):
    bare = package("bare", "use::editing")[0], ""
    empty = package("empty", "use::editing", " ")
    snapshot = join(package("a", "use::editing"), package("b", "use::editing"), bare, empty)
    assert [entry.group for entry in snapshot.entries] == ["a", "b"]
    assert snapshot.left_out == {"no long description": 2}


def test_lists_without_tags_are_refused(join):
    with pytest.raises(TextsError, match=r"Packages: expected packages with tags .*, got none; give lists of Debian's"):
        join(package("a", ""), package("b", "role::program"))


def test_lists_of_two_suites_are_refused(tmp_path):
    packages, translation = write_lists(tmp_path, [package("a", "use::editing"), package("b", "use::editing")])
    translation.write_text(package("a", "", "another text")[1])
    with pytest.raises(TextsError, match="of the 2 packages with tags in Packages, got 0 of them; give both lists of"):
        join_lists([packages], [translation], "")


@pytest.mark.parametrize(
    ("stanza", "sentence"),
    [
        (("Tag: use::editing\n", ""), "Packages:1: expected the field Package, got none"),
        (("Package: a\nTag: use::editing\n", ""), "Packages:1: expected the field Description-md5 .*, got none"),
        (("Package: a\nTag: use::a\nDescription-md5: 12\n", ""), "Packages:1: .*, got '12'"),
        ((package("a", "use::editing")[0], "Package: a\n"), "Translation-en:1: expected the field Description-md5"),
        (
            (package("a", "use::editing")[0], package("a", "")[1].replace("-en", "-de")),
            "Translation-en:1: expected the field Description-en, got none; give the English list",
        ),
    ],
)
def test_a_stanza_that_lacks_a_field_is_named(join, stanza, sentence):
    with pytest.raises(TextsError, match=sentence):
        join(stanza)
