from __future__ import annotations

from protran.campaign.findings import Findings
from protran.campaign.fronts import failure_notes


def test_each_kind_of_failure_is_one_sentence_with_its_number_and_a_reason() -> None:
    findings = Findings(unprofiled={"a": "too slow"}, untrained={"b": "not finite", "c": "out of memory"})
    assert failure_notes(findings) == [
        "1 candidate could not be profiled, for example: too slow",
        "2 candidates could not be trained, for example: not finite",
    ]


def test_candidates_whose_measurements_were_rejected_are_counted_apart_from_those_that_do_not_run() -> None:
    findings = Findings(unprofiled={"a": "too slow", "b": "it throttled"}, rejected={"b"})
    assert failure_notes(findings) == [
        "1 candidate could not be profiled, for example: too slow",
        "1 candidate left out, after 3 measurements on one device that were all rejected, for example: it throttled",
    ]


def test_nothing_is_said_where_nothing_failed() -> None:
    assert failure_notes(Findings()) == []
