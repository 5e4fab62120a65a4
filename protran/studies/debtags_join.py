"""Debian's packages with their tags and long descriptions: two lists joined, one package of each source package.

`Packages` has the tags and, as a hash, which description is the package's; `Translation-en` has the descriptions. Only
what has a kept tag is held in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from protran.studies.debtags_stanzas import ADVICE, Stanza, read_stanzas
from protran.studies.text_snapshot import Entry, Snapshot
from protran.studies.texts import TextsError

FACETS = ("use::", "works-with::")
UNDECIDED = "::TODO"  # a tag that says only that its facet was not looked at
TAG_FIELDS = ("Package", "Source", "Tag", "Description-md5")
TEXT_FIELDS = ("Description-md5", "Description-en")
_PARTED = re.compile(r"[,\s]+")
_MD5 = re.compile(r"[0-9a-f]{32}")


class _Tagged(NamedTuple):
    """A package that has a kept tag."""

    name: str
    source: str
    description: str  # its hash
    tags: tuple[str, ...]

    @property
    def rank(self) -> tuple[bool, str]:
        """Which package speaks for a source: the one of the same name, else the first by name."""
        return self.name != self.source, self.name


def join_lists(packages: Sequence[Path], translations: Sequence[Path], origin: str) -> Snapshot:
    """Returns one package of each source package that has a tag of `FACETS`, by the name of the source.

    Args:
        packages: lists of packages; of a package that is in several, the first counts.
        translations: lists of English descriptions that belong to them.
        origin: a sentence about where the lists come from.

    Raises:
        TextsError: a list cannot be read or is damaged, no package has a tag, or less than half of them
            a description.
    """
    tagged = _tagged(packages)
    if not tagged:
        raise TextsError(
            f"{_named(packages)}: expected packages with tags of use:: or works-with::, got none; give lists of "
            f"Debian's packages, other distributions leave the tags out"
        )
    texts = _texts(translations, {one.description for one in tagged})
    described = sum(one.description in texts for one in tagged)
    if 2 * described < len(tagged):
        raise TextsError(
            f"{_named(translations)}: expected descriptions of the {len(tagged)} packages with tags in "
            f"{_named(packages)}, got {described} of them; give both lists of the same suite"
        )
    chosen: dict[str, _Tagged] = {}
    without = 0
    for one in tagged:
        if one.description not in texts:
            without += 1
        elif one.source not in chosen or one.rank < chosen[one.source].rank:
            chosen[one.source] = one
    left_out = {
        "no long description": without,
        "another package of the same source is kept": len(tagged) - without - len(chosen),
    }
    entries = tuple(Entry(source, texts[one.description], one.tags) for source, one in sorted(chosen.items()))
    return Snapshot(entries, origin, {reason: count for reason, count in left_out.items() if count})


def _tagged(paths: Iterable[Path]) -> list[_Tagged]:
    found: dict[str, _Tagged] = {}
    for path in paths:
        for stanza in read_stanzas(path, TAG_FIELDS):
            name = stanza.fields.get("Package", "")
            if not name:
                raise TextsError(f"{path}:{stanza.line}: expected the field Package, got none; {ADVICE}")
            tags = _tags(stanza.fields.get("Tag", ""))
            if tags and name not in found:
                source = stanza.fields.get("Source", "").partition("(")[0].strip() or name  # a version may follow
                found[name] = _Tagged(name, source, _description(path, stanza), tags)
    return list(found.values())


def _tags(value: str) -> tuple[str, ...]:
    tags = {tag for tag in _PARTED.split(value) if tag.startswith(FACETS) and not tag.endswith(UNDECIDED)}
    return tuple(sorted(tags))


def _texts(paths: Iterable[Path], wanted: set[str]) -> dict[str, str]:
    """Returns the wanted descriptions by their hash, white space collapsed; without those that are empty."""
    texts: dict[str, str] = {}
    for path in paths:
        for stanza in read_stanzas(path, TEXT_FIELDS):
            key = _description(path, stanza)
            if key not in wanted or key in texts:
                continue
            value = stanza.fields.get("Description-en")
            if value is None:
                raise TextsError(
                    f"{path}:{stanza.line}: expected the field Description-en, got none; give the English list"
                )
            text = " ".join(word for line in value.split("\n") if line != "." for word in line.split())
            if text:
                texts[key] = text
    return texts


def _description(path: Path, stanza: Stanza) -> str:
    value = stanza.fields.get("Description-md5", "")
    if not _MD5.fullmatch(value):
        got = ascii(value[:40]) if value else "none"
        raise TextsError(
            f"{path}:{stanza.line}: expected the field Description-md5 with 32 hexadecimal digits, got {got}; {ADVICE}"
        )
    return value


def _named(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)
