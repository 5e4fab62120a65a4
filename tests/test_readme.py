"""What the README shows is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from protran.cli.main import main
from protran.config_file import load_config

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


def _commands() -> list[str]:
    lines = [line.strip() for block in _blocks("") for line in block.splitlines()]
    return [line for line in lines if line.startswith("protran ")]


def test_there_are_commands_to_check() -> None:
    assert len(_commands()) >= 3


@pytest.mark.parametrize("command", _commands())
def test_the_options_of_a_command_in_the_readme_exist(command, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    words = shlex.split(command)[1:]
    group = words[:2] if words[0] in ("space", "task") else words[:1]
    assert main([*group, "--help"]) == 0
    shown = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_the_campaign_file_of_the_readme_is_valid(tmp_path) -> None:
    (text,) = _blocks("yaml")
    (tmp_path / "wrist.yaml").write_text(text)
    config = load_config(tmp_path / "wrist.yaml")
    assert config.name == "wrist"
    assert [budget.text for budget in config.budget_list()] == ["latency<=2ms", "memory<=200kB"]


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys) -> None:
    from invented_dispatcher import InventedDispatcher

    import protran.api

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(protran.api, "open_dispatcher", lambda *_, **__: InventedDispatcher())
    (code,) = _blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert "done\n" in capsys.readouterr().out
    assert (tmp_path / "runs" / "demo" / "front.png").stat().st_size > 10_000
