import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from device_agents.enrolment.requirements import Section, device_requirements

ROOT = Path(__file__).parents[3]
NOT_FOR_DEVICES = ("botorch", "gpytorch", "optuna", "sqlalchemy", "pandas", "scikit-learn", "matplotlib", "scipy")
NOT_FROZEN = ("setuptools",)  # pip freeze leaves it out of constraints.txt


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(lines):
    return {canonical(name): version for name, _, version in (line.partition("==") for line in lines)}


def modules_of(lines):
    wanted = set(versions(lines))
    packages = metadata.packages_distributions()
    return sorted(module for module, found in packages.items() if any(canonical(name) in wanted for name in found))


def test_each_library_is_pinned_as_the_tests_ran_with_it():
    constraints = versions((ROOT / "constraints.txt").read_text().splitlines()[1:])
    for name, version in versions(device_requirements(*Section)).items():
        assert version == constraints.get(name, version), name
        assert name in constraints or name in NOT_FROZEN


def test_no_library_of_the_controller_goes_to_a_device():
    assert not set(NOT_FOR_DEVICES) & set(versions(device_requirements(*Section)))


@pytest.mark.parametrize(
    "sections", [(Section.AGENT,), (Section.AGENT, Section.RUNNER), (Section.AGENT, Section.RUNNER, Section.ONNX)]
)
def test_what_a_library_needs_is_pinned_too(sections):
    pinned = versions(device_requirements(*sections))
    for name in pinned:
        try:
            needed = [Requirement(text) for text in metadata.requires(name) or ()]
        except metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed here")
        for requirement in needed:
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert canonical(requirement.name) in pinned, f"{name} needs {requirement.name}"


IMPORTER = """
import importlib.abc, pathlib, pkgutil, sys

bundled = {path.name for path in pathlib.Path(sys.argv[2]).iterdir()}  # what Ray brings along
allowed = set(sys.argv[1].split(",")) | bundled | set(sys.stdlib_module_names) | {
    "protran", "search_spaces", "surrogates", "device_agents", "cython_runtime"}


class Gate(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"No module named {name!r} on a device", name=name)


sys.meta_path.insert(0, Gate())
import device_agents
for found in pkgutil.walk_packages(device_agents.__path__, "device_agents."):
    if not found.name.startswith("device_agents.runner.onnx"):
        importlib.import_module(found.name)
import ray
from protran.cli.main import main
sys.exit(main(["doctor", "--json"]))
"""


def test_an_agent_and_the_command_line_run_with_nothing_else():
    allowed = modules_of(device_requirements(Section.AGENT, Section.RUNNER))
    bundled = Path(metadata.distribution("ray").locate_file("ray/thirdparty_files"))
    done = subprocess.run(
        [sys.executable, "-c", IMPORTER, ",".join(allowed), str(bundled)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert '"machine"' in done.stdout
