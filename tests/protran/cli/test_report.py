from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from invented_campaign import run_invented

Run = Callable[..., Any]


def test_a_report_is_written_where_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    run_invented(tmp_path, jobs=6)
    out = tmp_path / "page.html"
    ran = run("report", "invented", "--runs", str(tmp_path), "--out", str(out))
    assert (ran.code, ran.err) == (0, "")
    assert "open it in a browser" in ran.out
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_by_itself_it_goes_beside_the_results(run: Run, tmp_path: Path) -> None:
    run_invented(tmp_path, jobs=1)
    assert run("report", "invented", "--runs", str(tmp_path), "--no-calibration").code == 0
    assert (tmp_path / "invented" / "report.html").is_file()


def test_the_json_is_the_document_and_no_file_is_written(run: Run, tmp_path: Path) -> None:
    run_invented(tmp_path, jobs=1)
    ran = run("report", "invented", "--runs", str(tmp_path), "--json", "--country", "DE", "--estimate-energy")
    document = json.loads(ran.out)
    assert (document["schema"], document["campaign"]["name"]) == ("protran-page", "invented")
    assert document["carbon"]["estimated"]
    assert not (tmp_path / "invented").exists()


def test_bad_input_is_one_line(run: Run, tmp_path: Path) -> None:
    run_invented(tmp_path, jobs=1)
    for arguments in (["other"], ["invented", "--out", str(tmp_path / "page.txt")], ["invented", "--pue", "2"]):
        ran = run("report", *arguments, "--runs", str(tmp_path))
        assert ran.code == 2
        assert len(ran.err.splitlines()) == 1
