from __future__ import annotations

import pytest

from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from protran.campaign.findings import Findings, findings_of
from protran.ledger.records import CampaignRow
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

CANDIDATE = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)))
OK, FAILED, REJECTED = MeasurementStatus.OK, MeasurementStatus.FAILED, MeasurementStatus.REJECTED


def _findings(*answers: tuple[MeasurementStatus, str]) -> Findings:
    """Returns what answers of one candidate say; each is a status and the device that gave it."""
    rows = []
    for number, (status, device) in enumerate(answers):
        values = {"latency_s": Value(0.1, 0.01, Provenance.SIMULATED)} if status is OK else {}
        reason = "" if status is OK else f"{status.value} {number}"
        rows.append(
            CampaignRow(number, CANDIDATE, Measurement(f"request {number}", device, status, values, reason=reason))
        )
    return findings_of(rows)


def test_a_rejected_measurement_bars_nobody_while_it_is_asked_again() -> None:
    findings = _findings((REJECTED, "a"), (REJECTED, "a"))
    assert findings.failure(CANDIDATE) is None
    assert list(findings.candidates.values()) == [CANDIDATE]
    assert findings.measured == {}


def test_after_the_last_rejection_the_candidate_is_unprofiled_with_the_last_reason() -> None:
    findings = _findings((REJECTED, "a"), (REJECTED, "a"), (REJECTED, "a"))
    assert findings.unprofiled == {CANDIDATE.key: "rejected 2"}
    assert findings.rejected == {CANDIDATE.key}


def test_rejections_before_a_good_measurement_are_ignored() -> None:
    findings = _findings((REJECTED, "a"), (REJECTED, "a"), (OK, "a"))
    assert findings.failure(CANDIDATE) is None
    assert len(findings.measured[CANDIDATE.key, "a"]) == 1


def test_rejections_of_a_later_phase_are_counted_anew() -> None:
    seed = [(REJECTED, "a"), (REJECTED, "a"), (OK, "a")]
    assert _findings(*seed, (REJECTED, "a"), (REJECTED, "a")).failure(CANDIDATE) is None
    assert _findings(*seed, *[(REJECTED, "a")] * 3).failure(CANDIDATE) == "rejected 5"


def test_rejections_on_two_devices_are_counted_apart() -> None:
    between = [(REJECTED, "a"), (REJECTED, "b"), (REJECTED, "a"), (OK, "c"), (REJECTED, "b")]
    assert _findings(*between).failure(CANDIDATE) is None
    assert _findings(*between, (REJECTED, "b")).failure(CANDIDATE) == "rejected 5"


@pytest.mark.parametrize("answers", [[(FAILED, "a"), *[(REJECTED, "b")] * 3], [(REJECTED, "a"), (FAILED, "a")]])
def test_a_failure_is_no_rejection_whatever_else_happened(answers) -> None:
    findings = _findings(*answers)
    assert findings.unprofiled[CANDIDATE.key].startswith("failed")
    assert findings.rejected == set()
