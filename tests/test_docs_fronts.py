"""What docs/fronts.md shows is run, on invented devices and an invented trainer."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from small_campaign import SmallCampaign

import protran
from protran.cli.main import main

TEXT = (Path(__file__).parents[1] / "docs" / "fronts.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def test_the_commands_and_the_snippet_of_the_page_work_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    SmallCampaign.on(tmp_path / "runs", monkeypatch)
    out = {}
    for command in [line for block in blocks("sh") for line in block.splitlines()]:
        words = shlex.split(command)[1:]
        if "KEY" in words:
            key = protran.open_campaign("mine").front().candidates[0].candidate.key[:8]
            words[words.index("KEY")] = key
        assert main(words) == 0, f"{command}: {capsys.readouterr().err}"
        out[command.partition("protran ")[2]] = capsys.readouterr().out
    assert "Chosen (*)" in out["pareto mine --device sim:rpi4 --prefer knee"]
    weighted = json.loads(out["pareto mine --device sim:rpi4 --prefer error=2,latency=1 --json"])
    assert weighted["chosen"]["rule"] == "weights"
    assert "mine, other" in out["pareto mine other"]
    assert "Predicted front of mine" in next(text for command, text in out.items() if "--predicted" in command)
    assert "What a change of one gene would do" in next(text for command, text in out.items() if "--explain" in command)
    assert "mine against other" in out["pareto mine --against other --plot against.png"]
    assert out["pareto mine --csv"].startswith("key,summary,error,")
    for picture in ("front.png", "genes.png", "predicted.png", "against.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    (snippet,) = blocks("python")
    exec(compile(snippet, "docs/fronts.md", "exec"), {})
    assert "latency_s@sim:rpi4" in capsys.readouterr().out
