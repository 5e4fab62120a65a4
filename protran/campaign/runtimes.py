"""Whether the machines of a campaign have the libraries that its ways of deployment need."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from protran.config import CampaignConfig
from protran.devices import LOCAL, fleet_among, fleet_device
from protran.errors import InputError
from search_spaces.deploy_words import DeployWord

LIBRARIES = ("onnx", "onnxruntime")


def check_runtimes(config: CampaignConfig, installed: Callable[[str], bool] | None = None) -> None:
    """Refuses words for ways of deployment that this machine cannot score, or that a device is known not to run.

    Scores of int8 models are made here, whatever devices are measured on. Simulated devices run everything; of a device
    of the fleet it may not be known, then its profiles tell.

    Args:
        config: whose `deploy` is checked; what a space file lists is the business of who wrote it.
        installed: whether this machine has a library; looked up if not given.

    Raises:
        InputError: names the word, and what to install.
    """
    word = next((word for word in config.deploy_list() if word.needs_onnxruntime), None)
    if word is None:
        return
    scores = any(word.needs_int8 for word in config.deploy_list())
    if scores or LOCAL in config.devices:
        _check_here(word, installed or _installed)
    for name in fleet_among(config.devices):
        _check_device(word, name)


def _check_here(word: DeployWord, installed: Callable[[str], bool]) -> None:
    missing = [library for library in LIBRARIES if not installed(library)]
    if missing:
        raise InputError(
            f"deploy: {word.value} needs {' and '.join(missing)}, which this machine does not have: pip install "
            f"'protran[onnx]', or leave the word out"
        )


def _check_device(word: DeployWord, name: str) -> None:
    device = fleet_device(name)
    facts = device.facts
    if facts.get("accelerator"):
        raise InputError(
            f"deploy: {word.value} runs in onnxruntime, on a processor, and {name!r} is a GPU, which runs torch alone; "
            f"leave the word out, or the device"
        )
    if (device.agent.get("options") or {}).get("runner_python"):
        return  # another interpreter runs its models than the one that the facts are of
    runtimes = facts.get("runtimes") or {}
    if "onnxruntime" in runtimes and runtimes["onnxruntime"] is None:
        raise InputError(
            f"deploy: {word.value} runs in onnxruntime, which {name!r} does not have; enrol it anew with `protran "
            f"device enroll … --onnx`, or leave the word out"
        )


def _installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None
