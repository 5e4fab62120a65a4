import json

import pytest

from protran.studies.arxiv_rows import read_rows
from protran.studies.texts import TextsError

PAPER = {
    "id": "0704.0001",
    "title": "A title",
    "abstract": "  Two\n words.\n",
    "categories": "cs.AI q-bio.BM",
    "doi": None,
    "update_date": "2008-11-26",
}


@pytest.fixture
def file(tmp_path):
    def write(text, name="papers.json"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refusal(path):
    with pytest.raises(TextsError) as caught:
        list(read_rows(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_line_of_the_snapshot_is_a_paper(file):
    rows = list(read_rows(file(json.dumps(PAPER) + "\n\n" + json.dumps({**PAPER, "categories": "cs.LG"}))))
    assert rows[0] == (1, "  Two\n words.\n", ("cs.AI", "q-bio.BM"))
    assert rows[1].line == 3
    assert rows[1].categories == ("cs.LG",)


def test_a_category_that_comes_twice_counts_once(file):
    (row,) = read_rows(file(json.dumps({**PAPER, "categories": "cs.LG cs.AI  cs.LG"})))
    assert row.categories == ("cs.LG", "cs.AI")


def test_an_abstract_that_is_null_is_empty(file):
    (row,) = read_rows(file(json.dumps({**PAPER, "abstract": None})))
    assert row.abstract == ""


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"abstract": "cut', ":7: expected one JSON object a line (Unterminated string"),
        ("[" * 100_000, ":7: expected one JSON object a line ("),
        ("[1, 2]", ":7: expected a JSON object, got list"),
        ('{"abstract": "a"}', ":7: the key 'categories' is missing; found abstract"),
        ('{"categories": "cs.LG"}', ":7: the key 'abstract' is missing; found categories"),
        ("{}", ":7: the key 'abstract' is missing; found none"),
        ('{"abstract": 5, "categories": "a"}', ":7: expected abstract to be Unicode text, got 5"),
        ('{"abstract": "\\ud800", "categories": "a"}', r":7: expected abstract to be Unicode text, got '\ud800'"),
        ('{"abstract": "a", "categories": ["cs.LG"]}', ":7: expected categories to be one text, got ['cs.LG']"),
        ('{"abstract": "a", "categories": null}', ":7: expected categories to be one text, got None"),
    ],
)
def test_a_bad_line_seven_is_named(file, line, sentence):
    path = file("\n".join([json.dumps(PAPER)] * 6 + [line, json.dumps(PAPER)]))
    message = refusal(path)
    assert sentence in message
    assert message.endswith("repair or remove the line")


def test_a_csv_of_categories_is_read(file):
    text = 'id,title,abstract,categories\n1,t,"Two\nlines, one text",cs.AI stat.ML\n\n2,t,b,cs.LG\n'
    rows = list(read_rows(file(text, "papers.csv")))
    assert rows == [(2, "Two\nlines, one text", ("cs.AI", "stat.ML")), (5, "b", ("cs.LG",))]


def test_a_csv_of_lists_is_read(file):
    text = "titles,summaries,terms\nt,a,\"['cs.CV', 'cs.LG']\"\nt,b,\"['I.4.9; 68U10']\"\nt,c,[]\n"
    rows = list(read_rows(file(text, "papers.csv")))
    assert [row.categories for row in rows] == [("cs.CV", "cs.LG"), ("I.4.9; 68U10",), ()]


@pytest.mark.parametrize(
    "cell",
    [
        "['cs.LG'",
        "[1, 2]",
        "['']",
        "[cs.LG]",
        "['a'].append",
        "[__import__('os').getcwd()]",
        "[" * 3000,
        "['\\d']",
        "['" + "a" * 5000 + "']",
    ],
)
def test_a_cell_that_is_no_list_of_categories_is_refused_and_never_run(file, cell):
    message = refusal(file(f'titles,summaries,terms\nt,a,"{cell}"\n', "papers.csv"))
    assert ":2: expected terms like \"['cs.LG', 'stat.ML']\" or \"cs.LG stat.ML\", got " in message
    assert len(message.split("got ")[1]) < 100


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected a header line with column names, got an empty file"),
        ("title,text,terms\n", ":1: expected one column abstract or summaries among title, text, terms, got none"),
        ("summaries,labels\n", ":1: expected one column categories or terms among summaries, labels, got none"),
        ("abstract,summaries,terms\n", ":1: expected one column abstract or summaries among .*, got 2 of them"),
        ("abstract,terms\na,b\na,b,c\n", ":3: expected 2 values, got 3"),
        ('abstract,terms\n"a\nb",c\n"' + "d" * 140_000, ":4: expected comma-separated values"),
    ],
)
def test_a_bad_csv_names_its_line(file, text, sentence):
    message = refusal(file(text, "papers.csv"))
    start, _, end = sentence.partition(".*")
    assert start in message
    assert end in message


@pytest.mark.parametrize("name", ["papers.txt", "papers", "papers.gz", "papers.csv.zip"])
def test_a_file_of_another_ending_is_refused(file, name):
    with pytest.raises(TextsError, match=r"expected a file that ends in \.json, \.jsonl, \.ndjson or \.csv"):
        read_rows(file("", name))


@pytest.mark.parametrize("name", ["a.json", "a.JSONL", "v1.2.json", "a.json.gz"])
def test_a_known_ending_is_taken_in_any_spelling(file, name):
    assert len(list(read_rows(file(json.dumps(PAPER), name)))) == 1
