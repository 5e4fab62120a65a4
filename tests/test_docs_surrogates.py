"""What docs/surrogates.md says of its command holds."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from protran.cli.main import main
from protran.evaluate.evaluation import METRICS
from protran.evaluate.models import AUTO, MODELS

TEXT = (Path(__file__).parents[1] / "docs" / "surrogates.md").read_text(encoding="utf-8")


def test_the_options_of_the_command_exist(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    blocks = re.findall(r"^```sh\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    words = [word for block in blocks for word in shlex.split(block)]
    assert main([*words[1:3], "--help"]) == 0
    shown = capsys.readouterr().out
    options = [word for word in words if word.startswith("--")]
    assert len(set(options)) >= 9
    assert [option for option in options if option not in shown] == []


def test_every_metric_is_explained_in_its_order():
    assert tuple(re.findall(r"^\| `(\w+)` \|", TEXT, flags=re.MULTILINE)) == METRICS


def test_every_model_is_named():
    (models,) = re.findall(r"^- \*\*Models\*\*:(.*?)\n\n", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert [name for name in (*MODELS, AUTO) if f"`{name}`" not in models] == []
