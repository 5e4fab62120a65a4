from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from protran.cli.main import app
from protran.errors import UnknownCampaignError

Run = Callable[..., Any]
DONE = {"study": "demo", "database": "sqlite:///s.db", "added": {"complete": 7, "pruned": 2, "fail": 0}, "present": 4}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands in for the export of the campaign `demo`, and notes what it was asked."""
    asked: dict[str, Any] = {}

    def export_campaign(name: str, url: str, **options: Any) -> Any:
        asked.update(name=name, url=url, **options)
        if name != "demo":
            raise UnknownCampaignError(f"there is no campaign {name!r}; there are demo")
        return SimpleNamespace(**DONE, to_json=lambda: DONE)

    module = SimpleNamespace(export_campaign=export_campaign)
    monkeypatch.setitem(sys.modules, "protran.integration.optuna.campaign_study", module)
    return asked


def test_it_says_what_was_added(run: Run, exported: dict[str, Any]) -> None:
    ran = run("export", "demo", "--optuna", "sqlite:///s.db", "--runs", "elsewhere")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "demo: 9 trials added to sqlite:///s.db (7 complete, 2 profiled alone), 4 there already\n"
    assert (exported["name"], exported["url"], str(exported["runs"])) == ("demo", "sqlite:///s.db", "elsewhere")


def test_the_json_is_one_object(run: Run, exported: dict[str, Any]) -> None:
    assert json.loads(run("export", "demo", "--optuna", "sqlite:///s.db", "--json").out) == DONE


@pytest.mark.parametrize("name", ["nothing", "\x1b[31mred", "../../etc", "x'; DROP TABLE studies; --"])
def test_a_name_that_is_no_campaign_is_one_harmless_sentence(run: Run, exported: dict[str, Any], name: str) -> None:
    ran = run("export", name, "--optuna", "sqlite:///s.db")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "\x1b" not in ran.err


def test_a_real_folder_without_a_ledger_is_one_sentence(run: Run, tmp_path: Any) -> None:
    ran = run("export", "demo", "--optuna", f"sqlite:///{tmp_path}/s.db", "--runs", str(tmp_path))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "holds no ledger" in ran.err
    assert not (tmp_path / "s.db").exists()


def test_the_help_has_an_example() -> None:
    shown = CliRunner().invoke(app, ["export", "--help"], env={"COLUMNS": "160"}).output
    assert "Example: protran export demo --optuna sqlite:///studies.db" in shown
    assert "--json" in shown
