"""What docs/optuna.md shows is run."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from protran.cli.main import main
from protran.integration.optuna import sampler

TEXT = (Path(__file__).parents[1] / "docs" / "optuna.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("number", "trials"), [(0, 16), (1, 8)])
def test_the_snippets_work(number: int, trials: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With less effort for each proposal."""
    from protran.integration.optuna.proposal import SearchEffort

    monkeypatch.setattr(sampler, "SearchEffort", lambda: SearchEffort(draws=16, starts=2, steps=2, rounds=1))
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space: dict[str, Any] = {}
    exec(blocks("python")[number], space)
    optuna.logging.set_verbosity(before)
    assert len(space["study"].trials) == trials
    assert space["study"].best_trials


def test_the_command_reaches_the_export(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = blocks("sh")
    asked: list[Any] = []
    done = SimpleNamespace(study="demo", database="sqlite:///studies.db", added={"complete": 1}, present=0)
    module = SimpleNamespace(export_campaign=lambda *words, **options: asked.append((words, options)) or done)
    monkeypatch.setitem(sys.modules, "protran.integration.optuna.campaign_study", module)
    assert main(shlex.split(command)[1:]) == 0
    [(words, options)] = asked
    assert words == ("demo", "sqlite:///studies.db")
    assert options["runs"] == Path("runs")
    assert "1 trial added" in capsys.readouterr().out
