from pathlib import Path

import pytest

from protran.studies.debtags_apt import COLUMNS, fetched_lists
from protran.studies.text_fetch import Finished
from protran.studies.texts import TextsError

RELEASE = "-----BEGIN PGP\n\nOrigin: Debian\nCodename: {}\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


DONE = Finished(0, "", "")


class FakeApt:
    """Writes lists where apt would; `targets` are kind, distribution, codename, version, name."""

    def __init__(self, *targets, absent=(), update=DONE, listed=0):
        self.targets, self.absent, self.updated, self.listed = targets, absent, update, listed
        self.commands, self.configuration = [], ""

    def __call__(self, command):
        self.commands.append(command)
        options = dict(part.split("=", 1) for part in command if "=" in part)
        folder = Path(options["Dir::State::lists"])
        if command[-1] == "update":
            assert (folder / "partial").is_dir() and Path(options["Dir::Cache"]).is_dir()
            self.configuration = Path(options["--config-file"]).read_text()
            for _, _, codename, _, name in self.targets:
                if name not in self.absent:
                    (folder / name).write_text(name)
                    (folder / f"{codename}_InRelease").write_text(RELEASE.format(codename))
            return self.updated
        assert command[-3:-1] == ["indextargets", "--format"]
        assert command[-1].split("\t") == [f"$({column})" for column in COLUMNS]
        lines = ["\t".join([*target[:4], str(folder / target[4])]) for target in self.targets]
        return Finished(self.listed, "\n".join(["no target", *lines]), "E: Invalid operation indextargets")


MAIN = ("Packages", "Debian", "bookworm", "12.15", "main_Packages")
ENGLISH = ("Translations", "Debian", "bookworm", "12.15", "main_Translation-en")


def test_lists_come_into_a_folder_of_their_own_that_is_removed(cache):
    apt = FakeApt(MAIN, ENGLISH)
    with fetched_lists(apt) as lists:
        assert [path.read_text() for path in (*lists.packages, *lists.translations)] == [MAIN[4], ENGLISH[4]]
        assert all(cache.resolve() in path.parents for path in lists.packages)
        assert lists.origin == "Debian's package lists bookworm (12.15) of Sat, 11 Jul 2026 10:16:37 UTC."
    assert list(cache.iterdir()) == []


def test_no_hook_of_the_system_runs_and_only_english_lists_are_fetched():
    apt = FakeApt(MAIN, ENGLISH)
    with fetched_lists(apt):
        pass
    for hook in ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"):
        assert f"#clear APT::Update::{hook};" in apt.configuration
    assert 'Acquire::Languages "en";' in apt.configuration
    assert [command[0] for command in apt.commands] == ["apt-get", "apt-get"]


def test_lists_of_other_distributions_and_kinds_are_not_used():
    other = ("Packages", "Elsewhere", "stable", "1", "other_Packages")
    contents = ("Contents", "Debian", "bookworm", "12.15", "Contents")
    security = ("Packages", "Debian", "bookworm-security", "$(VERSION)", "security_Packages")
    with fetched_lists(FakeApt(other, MAIN, contents, security, ENGLISH)) as lists:
        assert [path.name for path in lists.packages] == ["main_Packages", "security_Packages"]
        assert "Elsewhere" not in lists.origin


def test_a_machine_without_apt_is_told_what_to_do():
    def run(command):
        raise FileNotFoundError(command[0])

    with (
        pytest.raises(TextsError, match=r"got a machine without it; .* with packages=FILE and translation=FILE"),
        fetched_lists(run),
    ):
        pass


@pytest.mark.parametrize("absent", [{MAIN[4], ENGLISH[4]}, {ENGLISH[4]}, {MAIN[4]}])
def test_lists_that_did_not_come_are_told_with_what_apt_said(cache, absent):
    said = Finished(0, "", "W: Failed to fetch the list  Could not resolve\nW: Some index files failed\n")
    with (
        pytest.raises(TextsError, match=r"got: W: Failed to fetch the list Could not resolve; check the network"),
        fetched_lists(FakeApt(MAIN, ENGLISH, absent=absent, update=said)),
    ):
        pass
    assert list(cache.iterdir()) == []


def test_a_machine_whose_lists_are_of_another_distribution_is_told_so():
    lists = ("Packages", "Ubuntu", "noble", "24.04", "ubuntu_Packages")
    with (
        pytest.raises(TextsError, match="whose packages have debtags, got lists of Ubuntu; fetch Packages and"),
        fetched_lists(FakeApt(lists, ("Translations", *lists[1:]))),
    ):
        pass


def test_an_apt_that_cannot_name_its_lists_is_told():
    with (
        pytest.raises(TextsError, match="to name its lists, got: E: Invalid operation indextargets"),
        fetched_lists(FakeApt(MAIN, ENGLISH, listed=100)),
    ):
        pass


def test_a_cache_that_cannot_be_written_is_told_before_anything_is_fetched(cache):
    cache.write_text("a file")
    apt = FakeApt(MAIN, ENGLISH)
    with pytest.raises(TextsError, match=r"cannot write converted texts.*set PROTRAN_CACHE"), fetched_lists(apt):
        pass
    assert apt.commands == []


def test_the_real_runner_runs_a_program_of_that_name(tmp_path, monkeypatch):
    program = tmp_path / "apt-get"
    program.write_text("#!/bin/sh\necho 'E: this is a fake' >&2\nexit 100\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(TextsError, match="E: this is a fake"), fetched_lists():
        pass
