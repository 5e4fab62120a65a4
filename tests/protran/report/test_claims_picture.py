from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.image import imread

from protran.errors import InputError
from protran.report.claims_picture import draw_claims


def ratio(value: float, low: float | None, high: float | None, provenance: str = "simulated") -> dict[str, Any]:
    return {"ratio": value, "low": low, "high": high, "provenance": provenance}


def claim(kind: str, key: str | None, **ratios: dict[str, Any]) -> dict[str, Any]:
    return {"claim": kind, "member": None if key is None else {"key": key}, "ratios": ratios}


def document(*claims: dict[str, Any]) -> dict[str, Any]:
    return {
        "campaign": "demo",
        "device": "pi",
        "confidence": 0.95,
        "reference": {"name": "t1"},
        "claims": list(claims),
    }


def drawn(path: Path, *claims: dict[str, Any]) -> str:
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        return draw_claims(document(*claims), path).read_text(encoding="utf-8")


def test_measures_members_and_what_is_unavailable_are_named(tmp_path: Path) -> None:
    best = claim("best-score", "cd50564d00", latency_s=ratio(1.2, 1.1, 1.31), memory_bytes=ratio(2, 2, 2, "exact"))
    quick = claim("equal-score", "ae548d7400", latency_s=ratio(0.323, 0.3, 0.35), memory_bytes=ratio(0.1, 0.1, 0.1))
    text = drawn(tmp_path / "c.svg", quick, best)
    for words in ("demo against t1 on pi", "ae548d74: equal score", "cd50564d: best score", "0.323", "bars: 95 %"):
        assert words in text
    assert text.count(">unavailable<") == 4  # energy, peak power, parameters, size of weights


def test_a_member_with_two_claims_is_drawn_once(tmp_path: Path) -> None:
    claims = [claim(kind, "ae548d7400", latency_s=ratio(0.5, 0.4, 0.6)) for kind in ("equal-score", "best-score")]
    text = drawn(tmp_path / "c.svg", *claims)
    assert "ae548d74: equal score, best score" in text
    assert text.count(">0.5<") <= 2  # its number, and perhaps a tick


def test_an_unknown_error_has_a_question_mark_and_both_provenances_are_told(tmp_path: Path) -> None:
    first = claim("equal-score", "aa", latency_s=ratio(0.25, None, None, "measured-counter against simulated"))
    text = drawn(tmp_path / "c.svg", first)
    assert "0.25 ?" in text
    assert "measured-counter against simulated" in text


def test_claims_about_nobody_leave_an_empty_picture(tmp_path: Path) -> None:
    path = draw_claims(document(claim("equal-score", None)), tmp_path / "c.png", dpi=40)
    assert imread(path).shape[1] > 250


@pytest.mark.parametrize(("name", "words"), [("c.gif", r"must end in \.png"), ("no/c.png", "is no folder")])
def test_a_picture_that_cannot_be_written_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw_claims(document(), tmp_path / name)
