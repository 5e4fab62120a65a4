"""Runs the command line in this process, and stands in for the campaigns behind it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from protran.cli.main import main
from protran.errors import UnknownCampaignError
from protran.report.front_picture import draw_front


@dataclass
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs one command with these arguments."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("PROTRAN_DEBUG", raising=False)

    def command(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command


@dataclass
class FakeApi:
    """Stands in for `protran.api`: knows one campaign, `demo`, and notes what it was asked."""

    document: dict[str, Any]
    asked: dict[str, Any] = field(default_factory=dict)
    events: tuple[Any, ...] = ()
    measurements: list[Any] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    usage: Any = None

    def start_campaign(self, config: Any = None, **options: Any) -> Any:
        self.asked = {"config": config, **options}
        for event in self.events:
            options["observer"](event)
        return SimpleNamespace(front=self._front(), name=options["name"] if config is None else config.name)

    def open_campaign(self, name: str, runs: Path = Path("runs"), ledger: Any = None) -> Any:
        if name != "demo":
            raise UnknownCampaignError(f"no campaign {name!r} in {runs}; protran list shows those that there are")
        status = partial(self._status, self.statuses[0]) if self.statuses else None
        return SimpleNamespace(front=self._view_front, draw=self._draw, status=status, usage=lambda: self.usage)

    def list_campaigns(self, runs: Path, ledger: Any = None) -> list[Any]:
        self.asked = {"runs": runs}
        return [self._status(item) for item in self.statuses]

    def profile(self, *arguments: Any, **options: Any) -> list[Any]:
        self.asked = {"arguments": arguments, **options}
        return self.measurements

    def _view_front(self, **query: Any) -> Any:
        self.asked = query
        return self._front()

    def _draw(self, front: Any, path: Path) -> Path:
        return draw_front(front.to_json(), path)

    def _front(self) -> Any:
        return SimpleNamespace(to_json=lambda: self.document)

    def _status(self, document: dict[str, Any]) -> Any:
        return SimpleNamespace(to_json=lambda: document)


@dataclass
class FakeProfiler:
    """Stands in for `protran.profiling.Profiler`: what it is asked, the fake interface is."""

    api: FakeApi
    device: str
    accelerator: str | None = None

    def measure(self, *arguments: Any, **options: Any) -> list[Any]:
        return self.api.profile(*arguments, device=self.device, accelerator=self.accelerator, **options)

    def close(self) -> None:
        pass


@pytest.fixture
def api(front_document: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """The campaigns that the commands of this test see."""
    fake = FakeApi(front_document())
    monkeypatch.setitem(sys.modules, "protran.api", fake)  # type: ignore[arg-type]
    monkeypatch.setattr("protran.profiling.Profiler", partial(FakeProfiler, fake))
    yield fake
