"""The check of an export: its own script answers the test set, and the score must be the expected one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from protran.deploy.errors import DeployError
from protran.tasks.base import Windows

TOLERANCE_WINDOWS = 1
"""Answers may differ in so many windows: sums are formed in another order elsewhere, and a tie may go the other way."""
_LIMIT_S = 3600.0


@dataclass(frozen=True)
class Verification:
    """What an exported model scored on the test set.

    Attributes:
        windows: in the test set.
        correct: answers of the exported model that were right.
        expected_accuracy: what it should score.
        expected_from: ``ledger``, or ``scored now`` where the ledger knows no score of this deployment.
    """

    windows: int
    correct: int
    expected_accuracy: float
    expected_from: str

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.correct / self.windows

    @property
    def difference_windows(self) -> float:
        """By how many right answers it differs from the expected score."""
        return abs(self.accuracy - self.expected_accuracy) * self.windows

    @property
    def ok(self) -> bool:
        """Whether the score is the expected one, within one window."""
        return self.difference_windows <= TOLERANCE_WINDOWS + 1e-6

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return {
            "windows": self.windows,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "expected_accuracy": self.expected_accuracy,
            "expected_from": self.expected_from,
            "difference_windows": round(self.difference_windows, 6),
            "ok": self.ok,
        }


def right_answers(script: Path, windows: Windows) -> int:
    """Returns how many windows an exported folder's script answers rightly, in a process of its own.

    Raises:
        DeployError: the script fails, or does not answer every window with the number of a class.
    """
    answers = script_answers(script, windows)
    return int(np.count_nonzero(answers == windows.labels))


def script_answers(script: Path, windows: Windows) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Returns the class of each window, as the script prints it. Raises `DeployError` as `right_answers`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.npz"
        np.savez(path, X=windows.signals)
        command = [sys.executable, "-I", "-X", "utf8", str(script.resolve()), str(path)]
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, encoding="utf-8", timeout=_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeployError(f"expected answers of the exported model, got {type(error).__name__}: {error}") from error
    if ran.returncode:
        reason = (ran.stderr.strip().splitlines() or ["nothing said"])[-1]
        raise DeployError(f"expected answers of the exported model, and its script ended with: {reason}")
    try:
        answers = np.array([int(line.split(" ", 1)[0]) for line in ran.stdout.splitlines()], dtype=np.int64)
    except ValueError as error:
        raise DeployError(
            f"expected numbers of classes from the exported model's script, got others: {error}"
        ) from error
    if len(answers) != len(windows):
        raise DeployError(f"expected {len(windows)} answers from the exported model's script, got {len(answers)}")
    return answers
