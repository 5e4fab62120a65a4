"""What docs/claims.md shows is run, on invented devices and an invented trainer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from small_campaign import SmallCampaign

from protran.cli.main import main

TEXT = (Path(__file__).parents[1] / "docs" / "claims.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def test_the_commands_and_the_snippet_of_the_page_work_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    SmallCampaign.on(tmp_path / "runs", monkeypatch)
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert [shlex.split(command)[1] for command in commands] == ["search", "claims", "claims", "claims"]
    out = []
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
        out.append(capsys.readouterr().out)
    assert "Claims of watchful against t1 on sim:rpi4, 95 %" in out[1]
    assert (tmp_path / "claims.png").exists()
    assert out[2].startswith("|")
    assert out[3].startswith("claim,member,")
    (snippet,) = blocks("python")
    exec(compile(snippet, "docs/claims.md", "exec"), {})
    assert "t1" in capsys.readouterr().out
