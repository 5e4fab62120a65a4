import pytest

from protran.studies import own_texts
from protran.studies.own_texts import OwnTextsOptions, load_own_texts
from protran.studies.texts import TextsError


@pytest.fixture
def load(tmp_path):
    def read(rows, **options):
        path = tmp_path / "texts.csv"
        path.write_text("text,labels\n" + "\n".join(rows))
        return load_own_texts(path, OwnTextsOptions(**options))

    return read


SINGLE = [f"text {number},{'sport' if number % 3 else 'art'}" for number in range(40)]
SEVERAL = [f"text {number},{'sport;local' if number % 3 else 'art'}" for number in range(40)]


def test_a_file_is_split_by_its_shares(load):
    data = load(SINGLE, validation=0.25, test=0.25)
    assert [len(part) for part in data.sets.values()] == [20, 10, 10]
    assert (data.label_names, data.rows) == (("sport", "art"), 40)
    for part in data.sets.values():
        for text, labels in zip(part.texts, part.labels, strict=True):
            assert data.label_names[labels[0]] == ("sport" if int(text.split()[1]) % 3 else "art")


def test_whether_documents_have_one_label_is_seen_from_the_file(load):
    assert not load(SINGLE).multi_label
    assert load(SEVERAL).multi_label
    assert load([*SINGLE, "without,"]).multi_label
    assert load(SINGLE, multi_label="true").multi_label


def test_documents_without_a_label_are_noted(load):
    assert "2 documents have no label." in load([*SINGLE, "without,", "nor this,"]).notes


def test_a_document_of_several_labels_is_refused_where_one_is_wanted(load):
    with pytest.raises(TextsError, match=r"texts\.csv:3: expected one label a document, got 2; repair the line"):
        load(SEVERAL, multi_label=False)


def test_of_equal_texts_the_first_is_kept_and_the_others_are_counted(load):
    data = load([*SINGLE, "text  0,sport", "text 1,art"])
    assert sum(map(len, data.sets.values())) == 40
    assert data.left_out == {"same text as a kept one": 2}


def test_equal_seeds_split_alike_and_others_otherwise(load):
    versions = [load(SINGLE, seed=seed).version for seed in (0, 0, 1)]
    assert versions[0] == versions[1] != versions[2]


def test_a_wrong_column_of_labels_is_told_by_its_many_values(load, monkeypatch):
    monkeypatch.setattr(own_texts, "MOST_LABELS", 5)
    with pytest.raises(TextsError, match=r"texts\.csv:7: expected at most 5 distinct labels, got more; .*labels="):
        load([f"text {number},kind {number}" for number in range(9)])


@pytest.mark.parametrize("rows", [[], ["a,x", "b,x", "c,x"], ["a,", "b,"]])
def test_fewer_than_two_labels_are_refused(load, rows):
    with pytest.raises(TextsError, match="at least two distinct labels"):
        load(rows)


def test_too_few_documents_are_refused_with_the_name_of_the_file(load):
    with pytest.raises(TextsError, match=r"texts\.csv: expected at least 3 documents"):
        load(["a,x", "b,y"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"text": ""}, "text must be a text"),
        ({"labels": 3}, "labels must be a text"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"test": 0.95}, "change validation or test"),
        ({"multi_label": "maybe"}, "multi_label must be true or false"),
    ],
)
def test_a_bad_option_is_one_sentence(options, sentence):
    with pytest.raises(TextsError, match=sentence):
        OwnTextsOptions(**options)
