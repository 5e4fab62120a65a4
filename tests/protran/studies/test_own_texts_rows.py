import gzip
import json
from pathlib import Path

import pytest

from protran.studies.own_texts_rows import LabelledText, ending_of, read_labelled_texts
from protran.studies.texts import TextsError


@pytest.fixture
def rows(tmp_path):
    def read(content, name="texts.csv", text="text", labels="labels"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_labelled_texts(path, text, labels))

    return read


def test_labels_of_a_csv_are_parted_by_semicolons_or_are_a_list(rows):
    content = 'id,labels,text\n1,sport; local,A  b\n2,"[""sport"", ""a;b""]","c, d\ne"\n\n3,,f\n4,x;x;,g\n'
    assert rows(content) == [
        LabelledText(2, "A b", ("sport", "local")),
        LabelledText(3, "c, d e", ("sport", "a;b")),
        LabelledText(6, "f", ()),
        LabelledText(7, "g", ("x",)),
    ]


def test_labels_of_json_lines_are_a_list_a_text_or_a_number(rows):
    records = [{"text": "a", "labels": ["x", "y"]}, {"text": "b", "labels": "x;z"}, {"text": "c", "labels": 3}]
    content = "\n\n".join(json.dumps(record) for record in records)
    assert [row.labels for row in rows(content, "texts.jsonl")] == [("x", "y"), ("x", "z"), ("3",)]


def test_columns_and_keys_may_have_other_names(rows):
    assert rows("body,kind\na,x\n", text="body", labels="kind")[0].labels == ("x",)
    assert rows('{"body": "a", "kind": "x"}', "a.ndjson", "body", "kind")[0].text == "a"


def test_packed_files_are_read_too(rows):
    assert rows(gzip.compress(b"text,labels\na,x\n"), "texts.csv.gz") == [LabelledText(2, "a", ("x",))]


def test_a_name_tells_the_layout():
    endings = [ending_of(Path(name)) for name in ("a.csv", "a.CSV.gz", "a.b.jsonl", "a.ndjson", "a.txt", "csv", "a.gz")]
    assert endings == [".csv", ".csv", ".jsonl", ".ndjson", None, None, None]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "texts.csv:1: expected one column text, got an empty line; name the right one with text=COLUMN"),
        ("body,labels\n", "1: expected one column text, got body, labels; .*text=COLUMN"),
        ("text,kind\n", "1: expected one column labels, got text, kind; .*labels=COLUMN"),
        ("text,labels,text\n", "1: expected one column text, got 2 of them"),
        ("text,labels\na,x\nb\n", "3: expected 2 values, got 1; repair or remove the line"),
        ("text,labels\n ,x\n", "2: expected a text in Unicode, got ' '"),
        ('text,labels\n"a,x\n', "2: expected comma-separated values"),
        ('text,labels\na,"[1]"\n', r"2: expected labels as a;b or as a list of texts, got \[1\]"),
        ('text,labels\na,"[""x"""\n', "2: expected labels as a JSON list"),
        ('text,labels\na,"' + "[" * 99_999 + '"\n', "2: expected labels as a JSON list"),
        ("text,labels\na," + "x" * 201, "2: expected labels of at most 200 characters"),
        (b"text,labels\na\xff,x\n", "2: expected text in UTF-8, got the byte 0xff"),
    ],
)
def test_a_wrong_line_of_a_csv_is_named(rows, content, sentence):
    with pytest.raises(TextsError, match=sentence) as caught:
        rows(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"text": "a"', "2: expected one JSON object a line"),
        ("[" * 99_999, "2: expected one JSON object a line"),
        ("[1]", "2: expected a JSON object, got list"),
        ('{"labels": []}', "2: expected the key text, got labels; name the right one with text=KEY"),
        ("{}", "2: expected the key text, got none"),
        ('{"text": null, "labels": []}', "2: expected a text in Unicode, got None"),
        ('{"text": "\\ud800", "labels": []}', "2: expected a text in Unicode"),
        ('{"text": "a", "labels": null}', "2: expected labels as a;b or as a list of texts, got None"),
        ('{"text": "a", "labels": true}', "2: expected labels as a;b"),
        ('{"text": "a", "labels": [" "]}', "2: expected labels as a;b"),
        ('{"text": "a", "labels": ["\\ud800"]}', "2: expected labels of at most 200 characters"),
    ],
)
def test_a_wrong_json_line_is_named(rows, line, sentence):
    with pytest.raises(TextsError, match=sentence) as caught:
        rows('{"text": "a", "labels": []}\n' + line, "texts.jsonl")
    assert "\n" not in str(caught.value)


def test_another_ending_or_one_column_for_both_is_refused(rows):
    with pytest.raises(TextsError, match=r"ends in \.csv, \.jsonl, \.ndjson; rename it"):
        rows("", "texts.txt")
    with pytest.raises(TextsError, match="expected two columns, got 'text' for the text and for the labels"):
        rows("text\na\n", labels="text")
