"""What a device installs is enough for its agent and holds nothing of the controller's; see test_loopback_fleet too."""

import os
import subprocess
import sys
from pathlib import Path

import device_environment
import pytest

from device_agents.enrolment.requirements import Section

CONTROLLERS = (
    *("botorch", "gpytorch", "linear_operator", "optuna", "sqlalchemy", "pandas", "sklearn", "scipy", "matplotlib"),
    *("onnxruntime", "transformers", "pip"),
)
SAY_WHICH_EXIST = "import importlib.util, sys; print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"
AGENTS_MODULES = (
    *("device_agents", "device_agents.agent", "device_agents.health", "device_agents.proxy.agent"),
    *("device_agents.fleet.join", "device_agents.fleet.applicant", "device_agents.fleet.device_worker"),
    *("device_agents.fleet.gatekeeper", "device_agents.fleet.opening", "protran.cli.main"),
)
HEAVY = ("torch", "ray", "pandas", "scipy", "sqlalchemy", "botorch", "onnxruntime", "rich")


def said(python, program, *arguments, folder=None):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_no_library_of_the_controller_is_there(device_python, tmp_path):
    assert said(device_python, SAY_WHICH_EXIST, *CONTROLLERS, folder=tmp_path) == "[]"


def test_what_an_agent_and_its_runner_import_is_there(device_python, tmp_path):
    assert said(device_python, SAY_WHICH_EXIST, "ray", "torch", "numpy", folder=tmp_path) == "['ray', 'torch', 'numpy']"
    found = said(device_python, "import protran; print(protran.__file__)", folder=tmp_path)
    assert Path(found).is_relative_to(device_python.parents[1])  # the wheel's, not those of this folder


def test_every_library_of_the_list_takes_some_bytes():
    for section in Section:
        found = device_environment.distributions(section)
        sizes = {name: device_environment.size_bytes({name: one}) for name, one in found.items()}
        print(f"[{section.value}] {len(sizes)} libraries, {sum(sizes.values()) / 1e6:.0f} MB")
        assert all(size > 0 for size in sizes.values()), sizes


@pytest.mark.parametrize("module", AGENTS_MODULES)
def test_the_agents_side_is_imported_without_torch_or_ray(module, tmp_path):
    program = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    assert said(sys.executable, program, folder=tmp_path) == "[]"
