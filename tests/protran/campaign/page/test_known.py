from __future__ import annotations

from pathlib import Path

import pytest
from invented_campaign import run_invented

from protran.campaign.accounting import usage_of
from protran.campaign.charter import read_charter
from protran.campaign.findings import findings_of
from protran.campaign.fronts import known_candidates
from protran.campaign.page.carbon import usage_seen
from protran.campaign.page.known import known_members
from protran.ledger.ledger import Ledger


@pytest.mark.parametrize("fields", [{}, {"deploy": ["int8"]}])
def test_counting_in_array_form_changes_no_value(tmp_path: Path, fields: dict[str, object]) -> None:
    with Ledger.open(run_invented(tmp_path, **fields), read_only=True) as ledger:
        record = ledger.campaign("invented")
        problem, findings = read_charter(record.config), findings_of(ledger.rows(record.id))
    for verified in (False, True):
        expected = known_candidates(problem, findings, verified=verified)
        assert expected
        assert known_members(problem, findings, verified=verified, few=0) == expected


def test_usage_of_rows_that_were_read_is_that_of_the_ledger(tmp_path: Path) -> None:
    with Ledger.open(run_invented(tmp_path), read_only=True) as ledger:
        record = ledger.campaign("invented")
        found = usage_seen(ledger.rows(record.id), ledger.steps(record.id), ())
        assert found.stages == usage_of(ledger, record).stages
