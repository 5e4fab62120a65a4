import gzip
import json
import tracemalloc

import pytest

from protran.studies.arxiv import read_arxiv
from protran.studies.texts import TextsError
from protran.tasks.splitting import Fractions

CATEGORIES = ["cs.LG stat.ML", "cs.LG", "cs.CV cs.LG", "math.CO", "cs.CV", "hep-th"]


def paper(number, categories=None, abstract=None):
    return {
        "id": f"{number:04}",
        "title": "A\n title",
        "abstract": f"  Abstract \n number {number}. " if abstract is None else abstract,
        "categories": categories or CATEGORIES[number % len(CATEGORIES)],
        "doi": None,
    }


@pytest.fixture
def file(tmp_path):
    def write(papers, name="snapshot.json"):
        path = tmp_path / name
        content = "".join(json.dumps(one) + "\n" for one in papers).encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


def texts(data):
    return [text for part in data.sets.values() for text in part.texts]


def test_the_commonest_categories_are_the_labels_and_ties_go_by_name(file):
    path = file([paper(number) for number in range(60)])
    assert read_arxiv(path, top=2).label_names == ("cs.LG", "cs.CV")
    assert read_arxiv(path, top=4).label_names == ("cs.LG", "cs.CV", "hep-th", "math.CO")


def test_each_document_has_the_labels_of_its_categories(file):
    data = read_arxiv(file([paper(number) for number in range(60)]), top=3)
    for part in data.sets.values():
        for text, labels in zip(part.texts, part.labels, strict=True):
            categories = CATEGORIES[int(text.split()[-1][:-1]) % len(CATEGORIES)].split()
            assert labels == tuple(number for number, name in enumerate(data.label_names) if name in categories)


def test_white_space_is_collapsed(file):
    data = read_arxiv(file([paper(number) for number in range(6)]), top=5)
    assert set(texts(data)) == {f"Abstract number {number}." for number in range(6)}


def test_what_has_no_kept_category_is_left_out_and_counted(file):
    data = read_arxiv(file([paper(number) for number in range(60)]), top=1)
    assert len(texts(data)) == 30
    assert (data.rows, data.left_out) == (60, {"no kept category": 30})


def test_a_limit_keeps_a_sample_and_counts_the_rest(file):
    data = read_arxiv(file([paper(number) for number in range(60)]), top=5, limit=20)
    assert len(texts(data)) == 20
    assert data.left_out == {"beyond the limit": 40}


def test_no_abstract_is_in_two_sets(file):
    papers = [paper(number, abstract=f"Abstract {number % 20}") for number in range(60)]
    data = read_arxiv(file(papers), top=5)
    assert len(texts(data)) == len(set(texts(data))) == 20
    assert data.left_out == {"same abstract as a kept one": 40}


def test_every_paper_is_in_a_set_or_counted(file):
    papers = [paper(number, abstract="" if number % 9 == 0 else f"Abstract {number % 35}") for number in range(90)]
    data = read_arxiv(file(papers), top=2, limit=12, on_empty="skip")
    assert len(texts(data)) + sum(data.left_out.values()) == data.rows == 90
    assert data.left_out["empty abstract"] == 10


def test_fractions_are_the_sizes_of_validation_and_test(file):
    data = read_arxiv(file([paper(number) for number in range(60)]), top=5, fractions=Fractions(0.2, 0.3))
    assert [len(part) for part in data.sets.values()] == [30, 12, 18]


def test_equal_seeds_read_alike_and_others_otherwise(file):
    path = file([paper(number) for number in range(60)])
    first, again, other = (read_arxiv(path, 5, 30, seed) for seed in (1, 1, 2))
    assert first == again
    assert set(texts(first)) != set(texts(other))


def test_packed_lines_and_a_csv_give_the_same_as_plain_lines(file, tmp_path):
    papers = [paper(number) for number in range(30)]
    plain = read_arxiv(file(papers), top=3)
    assert read_arxiv(file(papers, "snapshot.json.gz"), top=3) == plain
    rows = [f'{one["title"][:1]},"{one["abstract"]}","{one["categories"].split()}"' for one in papers]
    (tmp_path / "terms.csv").write_text("\n".join(["titles,summaries,terms", *rows]))
    listed = read_arxiv(str(tmp_path / "terms.csv"), top=3)
    assert (listed.label_names, sorted(texts(listed))) == (plain.label_names, sorted(texts(plain)))


def test_a_label_that_the_test_set_lacks_is_noted(file):
    papers = [paper(number, "cs.LG cs.rare" if number == 0 else "cs.LG") for number in range(30)]
    data = read_arxiv(file(papers), top=2)
    assert sum("with the label cs.rare" in note for note in data.notes) == 2


def test_an_empty_abstract_is_an_error_that_names_its_line(file):
    path = file([paper(number, abstract=" \n" if number == 6 else None) for number in range(30)])
    with pytest.raises(TextsError, match=r"snapshot\.json:7: expected an abstract, got an empty one; .*on_empty=skip"):
        read_arxiv(path, top=2)


def test_an_empty_abstract_does_not_count_for_its_categories(file):
    papers = [paper(number, "cs.AA", "") for number in range(9)] + [paper(number, "cs.BB") for number in range(5)]
    assert read_arxiv(file(papers), top=1, on_empty="skip").label_names == ("cs.BB",)


def test_bad_json_in_line_seven_is_named(file):
    path = file([paper(number) for number in range(30)])
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows[:6], rows[6][:-9], *rows[7:]]))
    with pytest.raises(
        TextsError, match=r"snapshot\.json:7: expected one JSON object a line .*; repair or remove"
    ) as caught:
        read_arxiv(path, top=2)
    assert "\n" not in str(caught.value)


def test_fewer_categories_than_asked_for_are_refused(file):
    with pytest.raises(TextsError, match="at least 6 categories, got 5; choose a smaller top"):
        read_arxiv(file([paper(number) for number in range(30)]), top=6)


@pytest.mark.parametrize(("name", "content"), [("a.json", "\n\n"), ("a.json", ""), ("a.csv", "abstract,categories\n")])
def test_a_file_without_papers_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(TextsError, match="expected papers, one a line, got none"):
        read_arxiv(tmp_path / name, top=1)


def test_too_few_documents_are_refused_with_the_name_of_the_file(file):
    with pytest.raises(TextsError, match=r"snapshot\.json: expected at least 3 documents"):
        read_arxiv(file([paper(number, abstract="the same") for number in range(9)]), top=1)


def test_a_wrong_column_of_categories_is_told_by_its_many_values(file, monkeypatch):
    monkeypatch.setattr("protran.studies.arxiv.MOST_CATEGORIES", 10)
    path = file([paper(number, f"text {number}") for number in range(30)])
    with pytest.raises(TextsError, match=r"snapshot\.json:10: expected at most 10 distinct categories"):
        read_arxiv(path, top=2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"top": 0}, "top must be a whole number of at least 1, got 0"),
        ({"top": True}, "top must be a whole number of at least 1, got True"),
        ({"top": 2, "limit": 2}, "limit must be a whole number of at least 3, got 2"),
        ({"top": 2, "seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"top": 2, "on_empty": "keep"}, "on_empty must be error or skip, got 'keep'"),
    ],
)
def test_a_bad_argument_is_one_sentence(file, options, sentence):
    with pytest.raises(TextsError, match=sentence):
        read_arxiv(file([paper(number) for number in range(9)]), **options)


def test_memory_does_not_grow_with_the_lines(file):
    def peak_bytes(count):
        path = file(paper(number, abstract=f"{number} " * 200) for number in range(count))
        tracemalloc.start()
        try:
            data = read_arxiv(path, top=3, limit=50)
            return tracemalloc.get_traced_memory()[1], path.stat().st_size, len(texts(data))
        finally:
            tracemalloc.stop()

    peak_bytes(200)  # what is loaded or cached once
    few, many = peak_bytes(500), peak_bytes(3000)
    assert few[2] == many[2] == 50
    assert many[1] - few[1] > 2_000_000
    assert many[0] - few[0] < 100_000
