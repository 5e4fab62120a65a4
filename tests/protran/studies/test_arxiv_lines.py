import gzip

import pytest

from protran.studies import arxiv_lines
from protran.studies.arxiv_lines import lines
from protran.studies.texts import TextsError


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "papers.json"
        path.write_bytes(content)
        return path

    return write


def test_lines_come_with_their_numbers(file):
    assert list(lines(file("a\nä\n\nz".encode()))) == [(1, "a\n"), (2, "ä\n"), (3, "\n"), (4, "z")]


def test_an_empty_file_has_no_lines(file):
    assert list(lines(file(b""))) == []


def test_a_mark_at_the_beginning_is_no_text(file):
    assert list(lines(file(b"\xef\xbb\xbfa\n"))) == [(1, "a\n")]


def test_a_packed_file_is_told_by_its_content(file):
    assert list(lines(file(gzip.compress(b"a\nb\n")))) == [(1, "a\n"), (2, "b\n")]


@pytest.mark.parametrize("length", [12, 40])
def test_a_packed_file_that_is_cut_names_the_line(file, length):
    packed = gzip.compress(b"".join(b"%d\n" % (number * 7919) for number in range(300)))
    with pytest.raises(TextsError, match=r"papers\.json:\d+: cannot be read from here on"):
        list(lines(file(packed[:length])))


def test_a_line_that_is_not_utf8_is_named(file):
    with pytest.raises(TextsError, match=r"papers\.json:3: expected text in UTF-8, got the byte 0xff"):
        list(lines(file(b"a\nb\nc\xff\n")))


def test_a_line_without_end_is_not_read_whole(file, monkeypatch):
    monkeypatch.setattr(arxiv_lines, "LONGEST_BYTES", 10)
    assert list(lines(file(b"123456789\n")))
    with pytest.raises(TextsError, match=r"papers\.json:2: expected lines of at most 10 bytes"):
        list(lines(file(b"a\n" + b"b" * 11)))


def test_a_zip_archive_is_to_be_unpacked(file):
    with pytest.raises(TextsError, match=r"got a \.zip archive; unpack it"):
        list(lines(file(b"PK\x03\x04" + bytes(40))))


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(TextsError, match="there is no such file; check the path"):
            list(lines(path))
