"""From texts to ids."""

import pytest

from protran.errors import InputError
from protran.studies.errors import StudyError
from protran.studies.models.contestants import Weights
from protran.studies.models.vocabulary import learned_vocabulary, vocabulary_of


def weights(folder):
    return Weights(folder, "the folder x", "0" * 64)


def test_the_words_of_published_weights_are_used(write_checkpoint, tmp_path):
    found = vocabulary_of(weights(write_checkpoint(tmp_path / "x")))
    (ids,) = found.encode(["Crimson navy strange"], 16)
    assert ids.tolist() == [2, 5, 6, 1, 3]  # [CLS] crimson navy [UNK] [SEP]
    assert (found.size, found.origin) == (8, "that of the folder x")


def test_a_cased_vocabulary_stays_cased(write_checkpoint, tmp_path):
    folder = write_checkpoint(tmp_path / "x")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    (ids,) = vocabulary_of(weights(folder)).encode(["Crimson crimson"], 16)
    assert ids.tolist() == [2, 1, 5, 3]


def test_padding_and_cutting_of_a_published_file_are_switched_off(write_checkpoint, tmp_path):
    folder = write_checkpoint(tmp_path / "x")
    inner = vocabulary_of(weights(folder)).tokenizer
    inner.enable_padding(length=7)
    inner.enable_truncation(max_length=3)
    inner.save(str(folder / "tokenizer.json"))
    short, long = vocabulary_of(weights(folder)).encode(["navy", "navy " * 9], 16)
    assert (len(short), len(long)) == (3, 11)


def test_a_long_text_is_cut_and_keeps_its_last_special_token(write_checkpoint, tmp_path):
    (ids,) = vocabulary_of(weights(write_checkpoint(tmp_path / "x"))).encode(["navy " * 9], 5)
    assert ids.tolist() == [2, 6, 6, 6, 3]


def test_weights_without_a_vocabulary_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected tokenizer.json or vocab.txt beside the weights, got neither"):
        vocabulary_of(weights(tmp_path))


def test_a_damaged_vocabulary_is_told(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match="the vocabulary cannot be read"):
        vocabulary_of(weights(tmp_path))


def test_a_vocabulary_is_learned_once_and_read_again(tmp_path):
    path = tmp_path / "new" / "vocabulary.json"
    learned = learned_vocabulary(["blue sky", "blue sea"], path)
    again = learned_vocabulary(["something else"], path)
    assert learned.digest == again.digest
    (ids,) = again.encode(["blue"], 8)
    assert ids[0] == again.tokenizer.token_to_id("[CLS]")
    assert ids[-1] == again.tokenizer.token_to_id("[SEP]")


def test_the_commonest_words_are_whole_and_others_are_spelt(tmp_path):
    found = learned_vocabulary(["Blue blue sky", "blue sky bad"], tmp_path / "v.json", size=29)
    assert [found.tokenizer.id_to_token(number) for number in range(found.size - 2, found.size)] == ["blue", "sky"]
    (encoding,) = [found.tokenizer.encode("bad BLUE ж")]
    assert encoding.tokens == ["[CLS]", "b", "##a", "##d", "blue", "[UNK]", "[SEP]"]


def test_equal_texts_give_equal_vocabularies(tmp_path):
    texts = [f"word{row} some words that come again {row % 7}" for row in range(200)]
    first, second = (learned_vocabulary(texts, tmp_path / name) for name in ("a.json", "b.json"))
    assert first.digest == second.digest


def test_a_damaged_learned_vocabulary_is_told(tmp_path):
    path = tmp_path / "vocabulary.json"
    path.write_text("{")
    with pytest.raises(StudyError, match="name another folder with --out"):
        learned_vocabulary(["blue"], path)


def test_without_the_library_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(StudyError, match=r"pip install 'protran\[text\]'"):
        learned_vocabulary(["blue"], tmp_path / "v.json")
