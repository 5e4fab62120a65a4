"""From texts to token ids: the WordPiece vocabulary of published weights, or the training texts' commonest words."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from protran.errors import InputError
from protran.studies.errors import StudyError
from protran.studies.models.contestants import Weights
from search_spaces.errors import SpaceError

Tokens: TypeAlias = npt.NDArray[np.int64]
"""Ids of one document, the first and the last of them special."""

TOKENIZER, WORDS, SETTINGS = "tokenizer.json", "vocab.txt", "tokenizer_config.json"
LEARNED_WORDS = 8000
MOST_CHARACTERS = 500
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True)
class Vocabulary:
    """What makes ids of texts.

    Attributes:
        tokenizer: of the library `tokenizers`, without padding.
        origin: where the words come from, for people.
    """

    tokenizer: Any
    origin: str

    @property
    def size(self) -> int:
        """Number of ids."""
        return int(self.tokenizer.get_vocab_size())

    @property
    def digest(self) -> str:
        """A hash of all words and rules."""
        return hashlib.sha256(self.tokenizer.to_str().encode()).hexdigest()[:16]

    def encode(self, texts: Iterable[str], length: int) -> tuple[Tokens, ...]:
        """Returns the ids of each text, at most `length` of them, what is beyond is cut off; without padding."""
        self.tokenizer.enable_truncation(max_length=length)
        try:
            # one by one: a call with several texts starts threads, which do not survive the fork of a measurement
            return tuple(np.asarray(self.tokenizer.encode(text).ids, dtype=np.int64) for text in texts)
        finally:
            self.tokenizer.no_truncation()


def vocabulary_of(weights: Weights) -> Vocabulary:
    """Returns the vocabulary that belongs to published weights; of a hub's model, its files are fetched first.

    Raises:
        InputError: there is none, or it cannot be read.
        StudyError: the library `tokenizers` is not installed.
    """
    folder = weights.folder if weights.hub is None else _downloaded(weights.hub)
    library = _library()
    whole, words = folder / TOKENIZER, folder / WORDS
    try:
        if whole.is_file():
            found = library.Tokenizer.from_file(str(whole))
        elif words.is_file():
            lower = _settings(folder).get("do_lower_case", True)
            model = library.models.WordPiece.from_file(str(words), unk_token="[UNK]")
            found = _framed(library, _bert(library, model, lowercase=lower))
        else:
            raise InputError(f"{folder}: expected {TOKENIZER} or {WORDS} beside the weights, got neither; add one")
    except InputError:
        raise
    except Exception as error:  # the library raises no narrower class
        raise InputError(
            f"{folder}: the vocabulary cannot be read ({error}); save it again beside the weights"
        ) from error
    found.no_padding()  # published files pad and cut to a length of their own
    found.no_truncation()
    return Vocabulary(found, f"that of {weights.origin}")


def learned_vocabulary(texts: Iterable[str], path: Path, size: int = LEARNED_WORDS) -> Vocabulary:
    """Returns a vocabulary of the commonest words of `texts`; an earlier one in the file `path` is read again.

    Raises:
        StudyError: the library `tokenizers` is not installed, or the file cannot be written.
    """
    library = _library()
    if not path.is_file():
        words = _commonest(_bert(library, library.models.WordPiece(unk_token="[UNK]"), lowercase=True), texts, size)
        model = library.models.WordPiece({word: number for number, word in enumerate(words)}, unk_token="[UNK]")
        _write(path, _framed(library, _bert(library, model, lowercase=True)).to_str())
    try:
        found = library.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower class
        raise StudyError(f"{path}: expected a vocabulary, got {error}; name another folder with --out") from error
    return Vocabulary(found, f"the {found.get_vocab_size():,} commonest words and characters of the training texts")


def _bert(library: Any, model: Any, *, lowercase: bool) -> Any:
    """Returns a tokenizer that splits texts as BERT's does. Source: Devlin et al., "BERT", and its code."""
    made = library.Tokenizer(model)
    made.normalizer = library.normalizers.BertNormalizer(lowercase=lowercase)
    made.pre_tokenizer = library.pre_tokenizers.BertPreTokenizer()
    return made


def _commonest(splitter: Any, texts: Iterable[str], size: int) -> list[str]:
    """Returns special tokens, single characters (which spell the rest) and the commonest words, at most `size`.

    The library's own trainer gives other words each time, and so other models.
    """
    words: Counter[str] = Counter()
    for text in texts:
        split = splitter.pre_tokenizer.pre_tokenize_str(splitter.normalizer.normalize_str(text))
        words.update(word for word, _ in split)
    characters: Counter[str] = Counter()
    for word, count in words.items():
        characters.update({character: count for character in word})
    spelling = _by_count(characters)[:MOST_CHARACTERS]
    found = [*_SPECIAL, *spelling, *(f"##{character}" for character in spelling)]
    whole = [word for word in _by_count(words) if len(word) > 1 and words[word] > 1]
    return [*found, *whole[: max(0, size - len(found))]]


def _by_count(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda word: (-counts[word], word))


def _framed(library: Any, made: Any) -> Any:
    """Returns the tokenizer, which puts the special tokens around each document from now on."""
    around = [(word, made.token_to_id(word)) for word in ("[CLS]", "[SEP]")]
    made.post_processor = library.processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=around)
    made.add_special_tokens(list(_SPECIAL))
    return made


def _write(path: Path, content: str) -> None:
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(content, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise StudyError(f"cannot write {path} ({error.strerror}); make room or name another folder") from error


def _settings(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _downloaded(name: str) -> Path:
    try:
        hub = importlib.import_module("huggingface_hub")
        return Path(hub.snapshot_download(name, allow_patterns=[TOKENIZER, WORDS, SETTINGS]))
    except Exception as error:  # the library's many errors: none of them leaves a vocabulary
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise SpaceError(f"{name}: the hub gave no vocabulary ({reason}); check the name and the network") from error


def _library() -> Any:
    try:
        return importlib.import_module("tokenizers")
    except ImportError as error:
        raise StudyError("texts need tokenizers, which is not installed: pip install 'protran[text]'") from error
