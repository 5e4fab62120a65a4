import subprocess
import sys
import zipfile
from importlib import metadata

import pytest

from device_agents.enrolment import wheel as module
from device_agents.enrolment.wheel import project_wheel, runner_archive
from device_agents.errors import DeviceError


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The wheel's file, and a folder with what is in it."""
    folder = tmp_path_factory.mktemp("wheel")
    archive = project_wheel()
    file = folder / archive.file_name
    file.write_bytes(archive.content)
    zipfile.ZipFile(file).extractall(folder / "content")
    return file, folder / "content"


def test_the_wheel_holds_the_four_packages_with_their_data(unpacked):
    _, content = unpacked
    for name in (
        "protran/cli/main.py",
        "protran/carbon/country_intensity.csv",
        "search_spaces/spaces/edge-small.yaml",
        "surrogates/base.py",
        "device_agents/py.typed",
        "device_agents/requirements-device.txt",
    ):
        assert (content / name).is_file(), name
    assert not list(content.rglob("__pycache__"))


def test_the_wheel_says_the_installed_version_and_brings_the_command(unpacked):
    file, content = unpacked
    version = metadata.version("protran")
    assert file.name == f"protran-{version}-py3-none-any.whl"
    found = next(iter(metadata.distributions(path=[str(content)])))
    assert (found.metadata["Name"], found.version) == ("protran", version)
    assert [entry.name for entry in found.entry_points] == ["protran"]


def test_the_record_lists_every_file_with_its_digest(unpacked):
    _, content = unpacked
    found = next(iter(metadata.distributions(path=[str(content)])))
    listed = {str(file): file for file in found.files}
    assert set(listed) == {str(path.relative_to(content)) for path in content.rglob("*") if path.is_file()}
    assert listed["device_agents/agent.py"].size == (content / "device_agents/agent.py").stat().st_size


def test_the_same_code_gives_the_same_archive():
    assert project_wheel().digest == project_wheel().digest
    assert runner_archive().file_name == runner_archive().file_name


def test_a_runner_is_imported_from_its_archive_as_it_is(tmp_path):
    archive = runner_archive()
    file = tmp_path / archive.file_name
    file.write_bytes(archive.content)
    code = "import device_agents.runner.facts as facts; print(facts.__file__, facts.handle({'memory': None}))"
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", code],
        env={"PYTHONPATH": str(file)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(file))
    assert "available_bytes" in done.stdout


def test_packages_that_were_never_installed_are_told_how_to_be(monkeypatch):
    monkeypatch.setattr(module, "DISTRIBUTION", "protran-that-nobody-installed")
    with pytest.raises(DeviceError, match="pip install"):
        project_wheel()
