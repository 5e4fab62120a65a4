"""A campaign to look at: whatever the ledger knows of it by now, without new work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from protran.budgets import Budget, budgets_for
from protran.campaign.accounting import usage_of
from protran.campaign.across import Across
from protran.campaign.campaign import plan_of
from protran.campaign.charter import read_charter
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import front_of
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.campaign.results import draw_campaign
from protran.campaign.status import CampaignStatus, status_of
from protran.campaign.usage import CampaignUsage
from protran.errors import InputError, UnknownCampaignError
from protran.front import Front
from protran.ledger.ledger import Ledger
from protran.names import LEDGER_FILE
from protran.objectives import objectives_for


class CampaignView:
    """A campaign of the ledger, finished or not, to look at."""

    def __init__(self, name: str, runs: Path) -> None:
        self.name = name
        self._ledger_path = ledger_path(runs, name)

    def status(self) -> CampaignStatus:
        """Returns how far it is."""
        with Ledger.open(self._ledger_path, read_only=True) as ledger:
            return status_of(ledger, ledger.campaign(self.name))

    def usage(self) -> CampaignUsage:
        """Returns what its trainings and profiles used of the machines that ran them, as far as the ledger knows."""
        with Ledger.open(self._ledger_path, read_only=True) as ledger:
            return usage_of(ledger, ledger.campaign(self.name))

    def front(
        self,
        device: str | None = None,
        objectives: Sequence[str] | None = None,
        budgets: Sequence[str | Budget] | None = None,
        across: Across | str | None = None,
        confidence: float | None = None,
    ) -> Front:
        """Returns the front of what is known by now; nothing new is measured or trained.

        Args:
            device: only objectives of this device (and those of no device).
            objectives: names, instead of the campaign's.
            budgets: such as ``latency<=3ms``. One on a quantity (and device) that the campaign has a budget on
                replaces it, and so may be looser; the campaign's other budgets stay.
            across: ``worst`` or ``mean``: the front of candidates that are good on all devices.
            confidence: probability with which members must keep the budgets, 0.95 for example.

        Raises:
            InputError: an unknown device, objective or unit, or what `front_of` refuses.
        """
        if across is not None and device is not None:
            raise InputError("expected one device or a look across all, got both; leave one out")
        problem, findings, _, verified = self._known()
        devices = [item.name for item in problem.devices]
        if device is not None and device not in devices:
            raise InputError(f"device must be one of {', '.join(devices)}; got {device!r}")
        wanted = problem.objectives if objectives is None else objectives_for(objectives, devices)
        texts = [budget.text if isinstance(budget, Budget) else budget for budget in budgets or ()]
        asked = budgets_for(texts, devices)
        return front_of(
            problem,
            findings,
            verified=verified,
            objectives=[item for item in wanted if device is None or item.device in (None, device)],
            budgets=[*_not_replaced(problem.budgets, asked), *asked],
            across=None if across is None else Across(across),
            confidence=confidence,
        )

    def draw(self, front: Front, path: Path | str) -> Path:
        """Draws a front that `front` returned, among the campaign's other candidates, and returns the path.

        Raises:
            InputError: the path does not end in .png, .svg or .pdf, or cannot be written.
        """
        problem, findings, steps, verified = self._known()
        return draw_campaign(Path(path), problem, findings, steps, front, verified=verified)

    def _known(self) -> tuple[Problem, Findings, list[StepPlan], bool]:
        """Returns what is known by now, and whether the campaign has verified its front."""
        with Ledger.open(self._ledger_path, read_only=True) as ledger:
            record = ledger.campaign(self.name)
            findings = findings_of(ledger.rows(record.id))
            steps = [plan_of(step) for step in ledger.steps(record.id)]
        return read_charter(record.config), findings, steps, record.phase == Phase.DONE.value


def _not_replaced(own: Sequence[Budget], asked: Sequence[Budget]) -> list[Budget]:
    """Returns the campaign's own budgets on whatever the asked ones say nothing about."""
    replaced = {(budget.quantity, budget.device) for budget in asked}
    return [budget for budget in own if (budget.quantity, budget.device) not in replaced]


def ledger_path(runs: Path, name: str) -> Path:
    """Returns the ledger of a folder. Raises `UnknownCampaignError` where there is none, so no campaign `name`."""
    path = runs / LEDGER_FILE
    if not path.is_file():
        raise UnknownCampaignError(
            f"there is no campaign {name!r}: {runs} holds no ledger; start one with `protran search --name {name}`, or "
            f"say where it is with --runs"
        )
    return path
