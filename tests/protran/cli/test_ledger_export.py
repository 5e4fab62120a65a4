from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_agents.device import DeviceInfo
from protran.ledger.ledger import Ledger

Run = Callable[..., Any]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run commands in, with a ledger."""
    monkeypatch.chdir(tmp_path)
    with Ledger.open("runs/ledger.sqlite") as ledger:
        ledger.create_campaign("demo", {}, seed=0)
        ledger.put_device(DeviceInfo("board", "device-1", "ready"))
    return tmp_path


def test_tables_are_written_and_counted(run: Run, here: Path) -> None:
    ran = run("ledger", "export", "--csv", "tables")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "tables: 1 campaigns, 0 candidates, 0 campaign rows, 0 measurements, 0 evaluations, as csv\n"
    with (here / "tables" / "campaigns.csv").open(newline="") as file:
        assert [row["campaign"] for row in csv.DictReader(file)] == ["demo"]


def test_the_json_is_one_object(run: Run, here: Path) -> None:
    told = json.loads(run("ledger", "export", "--parquet", "tables", "--json").out)
    assert (told["ledger"], told["folder"], told["format"]) == ("runs/ledger.sqlite", "tables", "parquet")
    assert told["rows"]["campaigns"] == 1


@pytest.mark.parametrize("options", [(), ("--csv", "a", "--parquet", "b")])
def test_it_is_one_of_the_ways(run: Run, here: Path, options: tuple[str, ...]) -> None:
    ran = run("ledger", "export", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "give one of them" in ran.err
    assert {path.name for path in here.iterdir()} == {"runs"}


def test_a_missing_library_is_one_sentence(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = run("ledger", "export", "--parquet", "tables")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "pip install 'protran[parquet]'" in ran.err


def test_without_a_ledger_it_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("ledger", "export", "--csv", "tables")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "there is no ledger at runs/ledger.sqlite" in ran.err


def test_every_campaign_becomes_a_study(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from protran.integration.optuna import campaign_study

    monkeypatch.chdir(tmp_path)
    with Ledger.open("own.sqlite") as ledger:
        for name in ("a", "b"):
            ledger.create_campaign(name, {}, seed=0)
    asked = []

    def export_campaign(name: str, url: str, **where: Any) -> Any:
        asked.append((name, url, str(where["ledger"])))
        return campaign_study.StudyExport(name, url, {"complete": 1, "pruned": 0, "fail": 0}, 0)

    monkeypatch.setattr(campaign_study, "export_campaign", export_campaign)
    ran = run("ledger", "export", "--optuna", "sqlite:///studies.db", "--ledger", "own.sqlite", "--json")
    assert [study["study"] for study in json.loads(ran.out)["studies"]] == ["a", "b"]
    assert asked == [(name, "sqlite:///studies.db", "own.sqlite") for name in ("a", "b")]
    assert run("ledger", "export", "--optuna", "sqlite:///studies.db", "--ledger", "own.sqlite").out.count("\n") == 2


def test_a_password_in_the_url_is_shown_nowhere(run: Run, here: Path) -> None:
    url = "postgresql://ann:sesame@/base?host=/tmp/nothing-here"
    for command in (
        ("ledger", "check"),
        ("list",),
        ("status", "demo"),
        ("pareto", "demo"),
        ("ledger", "export", "--csv", "x"),
    ):
        ran = run(*command, "--ledger", url)
        assert (ran.code, ran.out) == (1, "")
        assert "ann:***@" in ran.err
        assert "no server answers there" in ran.err
        assert "sesame" not in ran.err


def test_the_environment_names_the_ledger_of_every_command(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROTRAN_LEDGER", "elsewhere.sqlite")
    ran = run("ledger", "check")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no ledger at elsewhere.sqlite" in ran.err
    Ledger.open("elsewhere.sqlite").close()
    assert run("ledger", "check").out == "elsewhere.sqlite is sound\n"
    assert json.loads(run("ledger", "check", "--ledger", "runs/ledger.sqlite", "--json").out)["sound"] is True
