"""What rows of every text data set are checked by and quoted with."""

from __future__ import annotations

LONGEST_QUOTE = 60


def is_unicode(text: str) -> bool:
    """Returns whether the text can be written; JSON's escapes can spell halves of characters, which cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def quoted(value: object) -> str:
    """Returns a value as an error message shows it: in ASCII, and short."""
    text = ascii(value)
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."
