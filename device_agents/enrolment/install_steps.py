"""The steps that install an agent and its runner on a device."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from device_agents.enrolment.look import Interpreter
from device_agents.enrolment.order import Enrolment
from device_agents.enrolment.places import Places
from device_agents.enrolment.requirements import Section, device_requirements
from device_agents.enrolment.step import Step, quoted
from device_agents.enrolment.wheel import Archive

INSTALL_S = 3600.0
"""Generous, for slow links and cards: the libraries took two minutes on a virtual machine of a data centre."""


def make_environment(order: Enrolment, places: Places, interpreter: Interpreter) -> Step:
    """Returns the making of the agent's environment, where there is none that works."""
    script = f"""
set -eu
umask 077
mkdir -p {quoted(places.base)} {quoted(places.temporary)}
chmod 700 {quoted(places.base)}
version=$({quoted(places.python)} -c 'import pip, sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)
if [ "$version" != {quoted(order.python)} ]; then
    {quoted(interpreter.path)} -m venv --clear {quoted(places.environment)}
fi
"""
    title = f"an environment of Python {order.python} in {places.environment}"
    return Step(title, script, f"look at the disk and the rights of {places.base}", time_s=600.0)


def install_requirements(order: Enrolment, places: Places) -> list[Step]:
    """Returns the installation of the libraries; torch first, where it has an index of its own."""
    sections = [Section.AGENT]
    if order.runner_python is None:
        sections += [Section.RUNNER, *([Section.ONNX] if order.onnx else [])]
    requirements = device_requirements(*sections)
    advice = "check that it reaches its package index and has room on its disk, then enroll it again"
    steps = []
    if order.torch_index is not None and order.runner_python is None:
        torch = next(line for line in requirements if line.startswith("torch=="))
        command = _pip(places, "--no-deps", "--index-url", order.torch_index, torch)
        steps.append(Step(f"{torch} from {order.torch_index}", command, advice, time_s=INSTALL_S))
    file = f"{places.base}/requirements.txt"
    script = f"set -eu\numask 077\ncat > {quoted(file)}\n{_pip(places, '--requirement', file)}"
    text = "".join(f"{line}\n" for line in requirements).encode()
    title = f"{len(requirements)} pinned libraries"
    return [*steps, Step(title, script, advice, text, "the list of libraries", INSTALL_S)]


def install_wheel(order: Enrolment, places: Places, wheel: Archive) -> list[Step]:
    """Returns the copy and the installation of our packages, which replaces an earlier one."""
    file = f"{places.base}/{wheel.file_name}"
    script = f"""
set -eu
umask 077
cat > {quoted(f"{file}.part")}
mv {quoted(f"{file}.part")} {quoted(file)}
{_pip(places, "--no-index", "--no-deps", "--force-reinstall", file)}
"""
    if order.runner_python is not None:
        script += f"rm -rf {quoted(places.packages)}\n"
        script += _pip(places, "--no-index", "--no-deps", "--target", places.packages, file) + "\n"
    advice = "enroll it again; if it fails again, remove the environment there first"
    return [Step(wheel.file_name, script, advice, wheel.content, wheel.file_name, 600.0)]


def check_environment(order: Enrolment, places: Places) -> Step:
    """Returns the proof that what was installed can be imported, each half by the interpreter that needs it."""
    agent = "import device_agents.agent, protran.cli.main, psutil, ray"
    runner = (
        "import sys; sys.version_info >= (3, 10) or sys.exit('the runner needs Python 3.10 or newer'); "
        "import device_agents.runner.profile, torch"
    )
    if order.runner_python is None:
        script = shlex.join([places.python, "-c", f"{agent}; {runner}"])
        advice = "remove the environment there and enroll it again"
    else:
        check = ["env", f"PYTHONPATH={places.packages}", order.runner_python, "-c", runner]
        script = f"{shlex.join([places.python, '-c', agent])} && {shlex.join(check)}"
        advice = f"install numpy and torch for {order.runner_python} there, or leave --runner-python out"
    return Step("agent and runner can be imported", script, advice, time_s=300.0)


def _pip(places: Places, *arguments: str) -> str:
    words: Sequence[str] = (places.python, "-m", "pip", "install", "--quiet", "--no-input", "--no-cache-dir")
    line = shlex.join([*words, "--disable-pip-version-check", *arguments])
    return f"TMPDIR={quoted(places.temporary)} {line}"
