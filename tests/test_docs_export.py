"""What docs/export.md shows is so: its files, its snippets, and the sentences of its commands."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from protran.campaign.view import CampaignView
from protran.deploy.documents import PREPROCESSING, PROVENANCE
from protran.deploy.export import MARK, MODEL, SCRIPT
from protran.deploy.folder import SUMS
from protran.deploy.loading import CANDIDATE

TEXT = (Path(__file__).parents[1] / "docs" / "export.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_table_names_the_files_of_an_export():
    table = TEXT.partition("## The folder")[2].partition("## Run it elsewhere")[0]
    named = set(re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE))
    assert named == {MODEL, PREPROCESSING, CANDIDATE, "README.md", PROVENANCE, SCRIPT, "requirements.txt", SUMS}
    assert f"`{MARK}`" in TEXT


def test_the_snippet_for_transformers_runs():
    space: dict = {}
    exec(SNIPPETS[0], space)
    written = {path.name for path in space["folder"].iterdir()}
    assert written == {"config.json", "model.safetensors"}


def test_the_snippet_for_campaigns_calls_what_there_is(monkeypatch, capsys):
    asked = {}

    def export(*arguments, **options):
        asked.update(inspect.signature(CampaignView.export).bind(None, *arguments, **options).arguments)
        found = SimpleNamespace(accuracy=0.5, expected_accuracy=0.5)
        return SimpleNamespace(verification=found, files=("run.py",))

    monkeypatch.setattr("protran.open_campaign", lambda name: SimpleNamespace(export=export), raising=False)
    exec(SNIPPETS[1], {})
    assert (asked["candidate"], asked["out"], asked["format"]) == ("best", "model", "onnx")
    assert capsys.readouterr().out == "0.5 0.5 ('run.py',)\n"


@pytest.mark.parametrize("word", ["best", "--quantize", "--format torch", "--out"])
def test_the_commands_show_each_way(word):
    assert any(word in line for line in TEXT.splitlines() if line.startswith("protran export"))
