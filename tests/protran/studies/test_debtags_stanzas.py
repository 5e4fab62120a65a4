import bz2
import gzip
import lzma

import pytest

from protran.studies import debtags_stanzas
from protran.studies.debtags_stanzas import Stanza, read_stanzas
from protran.studies.texts import TextsError

LIST = b"""\
Package: editor
Depends: a,
 b
Tag: use::editing, works-with::text,
 interface::x11
Priority: optional

Package: \xc3\xa4

"""


@pytest.fixture
def stanzas(tmp_path):
    def read(content, wanted=("Package", "Tag")):
        (tmp_path / "Packages").write_bytes(content)
        return list(read_stanzas(tmp_path / "Packages", wanted))

    return read


def test_stanzas_have_the_wanted_fields_and_the_line_where_they_begin(stanzas):
    assert stanzas(LIST) == [
        Stanza(1, {"Package": "editor", "Tag": "use::editing, works-with::text,\ninterface::x11"}),
        Stanza(8, {"Package": "ä"}),
    ]


def test_the_last_stanza_needs_no_empty_line_and_more_of_them_part_as_one(stanzas):
    assert stanzas(b"\n\nPackage: a\n \t \n\nPackage: b") == [Stanza(3, {"Package": "a"}), Stanza(6, {"Package": "b"})]
    assert stanzas(b"") == []


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_packed_lists_are_told_by_their_content(stanzas, pack):
    assert stanzas(pack(LIST)) == stanzas(LIST)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_packed_list_that_is_cut_or_damaged_names_the_line(stanzas, pack):
    packed = pack(b"".join(b"Package: %d\n\n" % (number * 7919) for number in range(2000)))
    middle = len(packed) // 2
    for content in (packed[:middle], packed[:middle] + bytes(99) + packed[middle + 99 :]):
        with pytest.raises(
            TextsError, match=r"Packages:\d+: (cannot be read from here on|expected) .*; fetch the list again"
        ):
            stanzas(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b" a\n", "1: expected a field's name at the beginning of a package, got a line that goes on"),
        (b"Package: a\n\n b\n", "3: expected a field's name"),
        (b"Package: a\nno colon\n", "2: expected a line like \"Package: name\", got 'no colon'"),
        (b"<html>: a\nPackage : b\n", '2: expected a line like "Package: name"'),
        (b": a\n", '1: expected a line like "Package: name"'),
        (b"Package: a\nTag: b\nTag: c\n", "3: expected the field Tag once a package, got it again"),
        (b"Package: a\nTag: \xff\n", "2: expected text in UTF-8, got the byte 0xff"),
    ],
)
def test_a_damaged_stanza_is_one_sentence_with_its_line(stanzas, content, sentence):
    with pytest.raises(TextsError, match=rf"Packages:{sentence}.*; fetch the list again"):
        stanzas(content)


def test_lines_packages_and_lists_without_end_are_not_read_whole(stanzas, monkeypatch):
    monkeypatch.setattr(debtags_stanzas, "LONGEST_BYTES", 40)
    with pytest.raises(TextsError, match=":2: expected a list of Debian's packages, got far more bytes"):
        stanzas(b"Package: a\nTag: " + b"b" * 90)
    with pytest.raises(TextsError, match=":5: expected packages of at most 40 characters, got more from 2 on"):
        stanzas(b"\nTag: a\n" + b" 0123456789012\n" * 9)
    monkeypatch.setattr(debtags_stanzas, "MOST_BYTES", 100)
    with pytest.raises(TextsError, match="got far more bytes"):
        stanzas(lzma.compress(b"A: b\n\n" * 50))


@pytest.mark.parametrize("start", [b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd"])
def test_a_list_packed_in_another_way_is_to_be_unpacked(stanzas, start):
    with pytest.raises(TextsError, match=r"got a file packed in another way; unpack it"):
        stanzas(start + bytes(30))


def test_a_list_that_is_not_there_is_one_sentence(tmp_path):
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(TextsError, match="got no such file; check the path"):
            list(read_stanzas(path, ("Package",)))
