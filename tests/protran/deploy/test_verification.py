from __future__ import annotations

import numpy as np
import pytest

from protran.deploy.errors import DeployError
from protran.deploy.verification import Verification, right_answers
from protran.tasks.base import Windows

LABELS = np.array([0, 1, 1])
WINDOWS = Windows(np.zeros((3, 2, 4), dtype=np.float32), LABELS, LABELS, LABELS)


def written(folder, text):
    path = folder / "run.py"
    path.write_text(text)
    return path


def test_right_answers_are_counted(tmp_path):
    script = written(tmp_path, "print('0 a\\n1 b\\n0 a')")
    assert right_answers(script, WINDOWS) == 2


def test_the_script_is_given_the_windows(tmp_path):
    text = "import sys, numpy as np\nfor w in np.load(sys.argv[1])['X']: print(1 if w.shape == (2, 4) else 7)"
    assert right_answers(written(tmp_path, text), WINDOWS) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise ValueError('that is wrong')", "ended with: ValueError: that is wrong"),
        ("raise SystemExit(3)", "ended with: nothing said"),
        ("print('0 a')", "expected 3 answers"),
        ("print('hello\\nhello\\nhello')", "numbers of classes"),
    ],
)
def test_a_script_that_does_not_answer_is_an_error(tmp_path, text, words):
    with pytest.raises(DeployError, match=words):
        right_answers(written(tmp_path, text), WINDOWS)


def test_one_window_of_difference_is_tolerated_and_two_are_not():
    assert Verification(1000, 801, 0.8, "ledger").ok
    assert Verification(1000, 799, 0.8, "ledger").ok
    assert not Verification(1000, 802, 0.8, "ledger").ok
    assert Verification(3, 2, 2 / 3, "ledger").difference_windows == pytest.approx(0)
