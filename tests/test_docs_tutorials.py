"""What the tutorials, the home page and the reference show is run, on invented trainings and simulated devices."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from small_campaign import SmallCampaign

import protran.api
from device_agents.fleet.opening import DispatcherKind, open_dispatcher
from protran import effort
from protran.cli.main import app, main
from protran.config_file import load_config

DOCS = Path(__file__).parents[1] / "docs"
OWN = ("index.md", "tutorials/campaign.md", "tutorials/device.md", "tutorials/fronts.md", "reference/*.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    (str(path.relative_to(DOCS)), *found)
    for pattern in OWN
    for path in sorted(DOCS.glob(pattern))
    for found in BLOCK.findall(path.read_text(encoding="utf-8"))
]
COMMANDS = [(page, line) for page, kind, block in BLOCKS if not kind for line in block.splitlines()]
PYTHON = [(page, block) for page, kind, block in BLOCKS if kind == "python"]
SMALL = {"seed_candidates": 5, "learn_profiles": 0, "search_rounds": 0, "verify_limit": 3, "verify_seeds": 1}


@pytest.fixture
def campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which trainings are invented, and simulated devices are simulated as ever."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setitem(effort._PRESETS, effort.EffortPreset.DEMO, SMALL)
    SmallCampaign.on(tmp_path / "runs", monkeypatch)
    invented = protran.api.open_dispatcher

    def opened(kind: DispatcherKind, devices: list[str], **options: object) -> object:
        if all(device.startswith("sim:") for device in devices):
            return open_dispatcher(DispatcherKind.INLINE, devices, **options)
        return invented(kind, devices, **options)

    monkeypatch.setattr(protran.api, "open_dispatcher", opened)
    return tmp_path


def commands_of(page: str) -> list[str]:
    return [line for owner, line in COMMANDS if owner == page]


def test_there_is_something_of_each_kind_to_check() -> None:
    assert len(COMMANDS) >= 25
    assert len(PYTHON) >= 5


def test_no_command_hides_among_outputs() -> None:
    hidden = [block for _, kind, block in BLOCKS if kind and re.search(r"^protran ", block, re.MULTILINE)]
    assert hidden == []
    assert [line for _, line in COMMANDS if not line.startswith("protran ")] == []


@pytest.mark.parametrize("command", dict.fromkeys(line for _, line in COMMANDS))
def test_the_command_line_takes_a_command_of_the_site(command: str) -> None:
    words, parser = shlex.split(command)[1:], typer.main.get_command(app)
    while hasattr(parser, "commands"):
        parser = parser.commands[words.pop(0)]
    assert parser.make_context(parser.name, words).args == []


def test_the_campaign_file_of_the_tutorial_is_valid(tmp_path: Path) -> None:
    (text,) = (block for page, kind, block in BLOCKS if kind == "yaml")
    (tmp_path / "wrist.yaml").write_text(text)
    assert [budget.text for budget in load_config(tmp_path / "wrist.yaml").budget_list()] == [
        "latency<=240us",
        "memory<=100kB",
    ]


def test_the_tutorials_of_campaigns_and_fronts_work_one_after_the_other(
    campaigns: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {}
    for command in [*commands_of("tutorials/campaign.md"), *commands_of("tutorials/fronts.md")]:
        if command == "protran search wrist.yaml":  # half an hour of it; the file is checked above
            continue
        words = shlex.split(command)[1:]
        if "--explain" in words:
            place = words.index("--explain") + 1
            words[place] = protran.open_campaign("demo-sims").front().candidates[0].candidate.key[:8]
        assert main(words) == 0, f"{command}: {capsys.readouterr().err}"
        said[command] = capsys.readouterr().out
    assert "phase       done" in said["protran status demo"]
    assert any("latency on the worst device simulated" in " ".join(out.split()) for out in said.values())
    assert any("Chosen (*)" in out for out in said.values())
    assert (campaigns / "front.png").read_bytes().startswith(b"\x89PNG")
    assert (campaigns / "runs" / "demo" / "report.html").is_file()
    for page, snippet in PYTHON:
        exec(compile(snippet, page, "exec"), {})
    assert "demo done\n" in capsys.readouterr().out
