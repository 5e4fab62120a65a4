import json

import pytest
from debtags_lists import many_packages, write_lists

from protran.studies import text_data
from protran.studies.arxiv import read_arxiv
from protran.studies.reuters import ReutersOptions
from protran.studies.text_data import load_texts, text_sources
from protran.studies.texts import TextsError
from protran.tasks.splitting import Fractions


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "cache"))


def test_the_sources_are_named():
    assert text_sources() == ("arxiv", "debtags", "reuters-r52")


def test_arxiv_is_read_with_its_options(tmp_path):
    path = tmp_path / "snapshot.json"
    papers = [{"abstract": f"abstract {number}", "categories": "a b" if number % 2 else "a"} for number in range(40)]
    path.write_text("\n".join(map(json.dumps, papers)))
    options = {"path": str(path), "top": 2, "limit": 20, "seed": 3, "on_empty": "skip", "test": 0.3, "validation": 0.2}
    data = load_texts("arxiv", options)
    assert data == read_arxiv(path, 2, 20, 3, fractions=Fractions(0.2, 0.3), on_empty="skip")
    assert data.multi_label


def test_arxiv_needs_a_path():
    with pytest.raises(TextsError, match=r"arxiv: expected the option path, got none; .* path=FILE"):
        load_texts("arxiv", {"top": 3})


def test_debtags_are_read_with_their_options(tmp_path):
    packages, translation = write_lists(tmp_path, many_packages())
    data = load_texts("debtags", {"packages": str(packages), "translation": str(translation), "top": 2})
    assert data.label_names == ("use::editing", "use::viewing")


def test_reuters_is_read_with_its_options(monkeypatch):
    monkeypatch.setattr(text_data, "load_reuters", lambda options: options)
    assert load_texts("reuters-r52", {"seed": 4}) == ReutersOptions(seed=4)


@pytest.mark.parametrize("name", ["own.csv", "own.jsonl"])
def test_a_path_is_a_users_own_file(tmp_path, name):
    rows = [(f"text {number}", "art" if number % 2 else "sport") for number in range(20)]
    lines = (
        ["body,labels", *map(",".join, rows)]
        if name.endswith("csv")
        else [json.dumps({"body": text, "labels": label}) for text, label in rows]
    )
    (tmp_path / name).write_text("\n".join(lines))
    data = load_texts(tmp_path / name, {"text": "body", "test": 0.5})
    assert ([len(part) for part in data.sets.values()], data.label_names) == ([8, 2, 10], ("art", "sport"))


def test_two_files_of_equal_content_have_one_version(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("text,labels\na,x\nb,y\nc,x\n")
    assert load_texts(tmp_path / "a.csv").version == load_texts(tmp_path / "b.csv").version
    (tmp_path / "b.csv").write_text("text,labels\na,x\nb,y\nC,x\n")
    assert load_texts(tmp_path / "a.csv").version != load_texts(tmp_path / "b.csv").version


@pytest.mark.parametrize(
    ("name", "hint"),
    [("reuters", r"did you mean reuters-r52\?"), ("debtag", r"did you mean debtags\?"), ("x.txt", "check the name")],
)
def test_an_unknown_name_is_one_sentence_with_a_near_one(name, hint):
    with pytest.raises(TextsError, match=rf"expected texts from arxiv, debtags, reuters-r52, .*got '{name}'; {hint}"):
        load_texts(name)


@pytest.mark.parametrize("source", ["arxiv", "debtags", "reuters-r52", "own.csv"])
def test_an_unknown_option_is_one_sentence_before_anything_is_read(source):
    with pytest.raises(TextsError, match=rf"{source}: expected options among .*, got 'sede'; did you mean seed\?"):
        load_texts(source, {"sede": 1})


def test_a_file_that_is_not_there_is_one_sentence():
    with pytest.raises(TextsError, match=r"absent\.csv: there is no such file; check the path"):
        load_texts("absent.csv")
