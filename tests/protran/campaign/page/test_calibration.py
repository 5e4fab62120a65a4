from __future__ import annotations

from pathlib import Path

from invented_campaign import run_invented

from protran.campaign.charter import read_charter
from protran.campaign.findings import findings_of
from protran.campaign.page.calibration import LEVEL, calibration_of
from protran.campaign.phase import Phase
from protran.ledger.ledger import Ledger


def test_predictions_stand_beside_what_was_measured_after_them(tmp_path: Path) -> None:
    with Ledger.open(run_invented(tmp_path), read_only=True) as ledger:
        record = ledger.campaign("invented")
        rows, steps = ledger.rows(record.id), ledger.steps(record.id)
        one = next(step for step in steps if step.phase == Phase.SEARCH.value)
        problem, findings = read_charter(record.config), findings_of(rows)
        found = calibration_of(problem, findings, rows, [steps[0], one])
    assert (found["level"], found["steps"], found["steps_of"]) == (LEVEL, 1, 1)
    by_name = {item["name"]: item for item in found["objectives"]}
    assert set(by_name) == {"latency_s", "error"}
    proposed = {candidate.key for candidate in one.proposals}
    for name, item in by_name.items():
        assert item["provenance"] == "predicted"
        assert {point["key"] for point in item["points"]} <= proposed
        inside = sum(point["low"] <= point["measured"] <= point["high"] for point in item["points"])
        assert item["inside"] == inside
        for point in item["points"]:
            assert point["low"] <= point["predicted"] <= point["high"]
            candidate = findings.candidates[point["key"]]
            if name == "error":
                assert abs(findings.errors_by_seed(candidate, problem.low)[0] - point["measured"]) < 1e-4


def test_a_campaign_without_beliefs_has_nothing_to_compare(tmp_path: Path) -> None:
    with Ledger.open(run_invented(tmp_path, jobs=3), read_only=True) as ledger:
        record = ledger.campaign("invented")
        rows = ledger.rows(record.id)
        found = calibration_of(read_charter(record.config), findings_of(rows), rows, ledger.steps(record.id))
    assert (found["objectives"], found["steps_of"]) == ([], 0)
