from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from protran.errors import InputError
from protran.ledger.place import place_for, place_of, same_database

SECRET = "postgresql+psycopg://ann:open%20sesame@host:5433/base"


def test_a_path_and_a_url_of_a_file_name_the_same_place() -> None:
    assert place_of(Path("a/l.sqlite")) == place_of("sqlite:///a/l.sqlite") == place_of("a/l.sqlite")
    assert place_of("a/l.sqlite").folder == Path("a")
    assert str(place_of("a/l.sqlite")) == "a/l.sqlite"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_way_to_write_a_server_gives_the_driver_that_is_used(scheme: str) -> None:
    place = place_of(f"{scheme}://ann@host/base")
    assert str(place) == "postgresql+psycopg://ann@host/base"
    assert place.file is None


def test_a_password_is_never_shown() -> None:
    place = place_for("runs", SECRET)
    inside = place_for("runs", "postgresql://ann@/base?host=/run/pg&password=open+sesame&sslpassword=sesame")
    for shown in (place, inside):
        texts = (str(shown), repr(shown), shown.options, shown.identity, f"{shown}")
        assert not any("sesame" in text for text in texts), texts
    assert str(place) == "postgresql+psycopg://ann:***@host:5433/base"
    assert shlex.split(place.options) == ["--ledger", "postgresql+psycopg://ann@host:5433/base"]
    assert place.url is not None
    assert place.url.password == "open sesame"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://ann:sesame@host/base", "must be a file, sqlite:///FILE or postgresql"),
        ("postgresql+asyncpg://ann:sesame@host/base", "must be a file"),
        ("postgresql://ann:sesame@host:port/base", "must be a file"),
        ("postgresql://ann:open@sesame@host/base", "write the one in the password as %40"),
        ("postgresql://ann:sesame@host", "must name a database, got 'host'; add it, for example host/protran"),
        ("mysql://host/base?password=sesame", "must be a file"),
        ("sqlite:l.sqlite", "must be a file"),
    ],
)
def test_what_names_no_ledger_is_one_sentence_without_its_password(url: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        place_of(url)
    assert words in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_ledger_is_the_one_that_is_named_or_the_environments_or_the_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert place_for("here") == place_of(Path("here/ledger.sqlite"))
    monkeypatch.setenv("PROTRAN_LEDGER", "postgresql://host/base")
    assert str(place_for("here")) == "postgresql+psycopg://host/base"
    assert str(place_for("here", "own.sqlite")) == "own.sqlite"
    monkeypatch.setenv("PROTRAN_LEDGER", "")
    assert str(place_for("here")) == "here/ledger.sqlite"


def test_files_of_campaigns_stay_in_the_folder_wherever_the_ledger_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROTRAN_LEDGER", "postgresql://host/base")
    assert place_for("here").folder == place_for("here", "own.sqlite").folder == Path("here")
    assert place_of("postgresql://host/base").folder == Path("runs")


def test_a_command_is_told_only_what_it_would_not_find_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_for("runs").options == ""
    assert place_for("my runs").options == " --runs 'my runs'"
    assert place_for("runs", "own.sqlite").options == " --ledger own.sqlite"
    monkeypatch.setenv("PROTRAN_LEDGER", "postgresql://host/base")
    assert place_for("runs").options == ""


def test_another_name_of_the_ledgers_database_is_known_as_such(tmp_path: Path) -> None:
    file = tmp_path / "l.sqlite"
    file.touch()
    (tmp_path / "other.db").touch()
    assert same_database(place_of(file), f"sqlite:///{tmp_path}/./l.sqlite")
    assert not same_database(place_of(file), f"sqlite:///{tmp_path}/other.db")
    assert not same_database(place_of(file), "postgresql://host/base")
    server = place_of("postgresql://ann@host/base")
    assert same_database(server, "postgresql+psycopg2://bob:sesame@host:5432/base")
    assert not same_database(server, "postgresql://host/studies")
    assert not same_database(server, "no url")
