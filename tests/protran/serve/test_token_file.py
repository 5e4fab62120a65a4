from __future__ import annotations

import stat
from pathlib import Path

import pytest

from protran.errors import InputError
from protran.serve.errors import ServeError
from protran.serve.token_file import kept_token, new_token


def test_a_new_token_is_kept_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = kept_token(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(token) > 40
    assert kept_token(path) == token
    assert new_token() != token


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    kept_token(path)
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        kept_token(path)


@pytest.mark.parametrize("text", ["", "short", "two words of more than sixteen letters", "x" * 15, "\u00e9" * 20])
def test_what_is_no_token_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(InputError, match="one word"):
        kept_token(path)


def test_a_place_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="token file"):
        kept_token(tmp_path / "none" / "token")
    with pytest.raises(ServeError, match="token file"):
        kept_token(tmp_path)
