"""A campaign to look at: whatever the ledger knows of it by now, without new work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from protran.budgets import Budget
from protran.campaign.accounting import usage_of
from protran.campaign.across import Across
from protran.campaign.claims.claim import Claims
from protran.campaign.claims.of_campaign import claims_of, reference_of
from protran.campaign.compare import ComparedCampaigns, compared
from protran.campaign.deployables import deployable_of
from protran.campaign.drawing import draw_query
from protran.campaign.explain import Explanation, explained
from protran.campaign.front_query import FrontQuery, answered
from protran.campaign.known_campaign import KnownCampaign, read_campaign, together
from protran.campaign.page.document import PageOptions, page_document
from protran.campaign.page.file import write_page
from protran.campaign.predicted import predicted_front
from protran.campaign.status import CampaignStatus, status_of
from protran.campaign.usage import CampaignUsage
from protran.deploy.events import Observer
from protran.deploy.exported import Exported
from protran.deploy.format import Format, format_called
from protran.errors import UnknownCampaignError
from protran.front import DominanceRule, Front
from protran.ledger.ledger import Ledger
from protran.ledger.place import LedgerPlace, NoLedgerError
from search_spaces.candidate import Candidate


class CampaignView:
    """A campaign of the ledger, finished or not, to look at."""

    def __init__(self, name: str, place: LedgerPlace) -> None:
        self.name = name
        self._place = place

    def status(self) -> CampaignStatus:
        """Returns how far it is."""
        with opened_for(self.name, self._place) as ledger:
            return status_of(ledger, ledger.campaign(self.name))

    def usage(self) -> CampaignUsage:
        """Returns what its trainings and profiles used of the machines that ran them, as far as the ledger knows."""
        with opened_for(self.name, self._place) as ledger:
            return usage_of(ledger, ledger.campaign(self.name))

    def front(  # noqa: PLR0913 - the parts of a question, as users name them
        self,
        device: str | Sequence[str] | None = None,
        objectives: Sequence[str] | None = None,
        budgets: Sequence[str | Budget] | None = None,
        across: Across | str | None = None,
        confidence: float | None = None,
        *,
        dominance: DominanceRule | str = DominanceRule.MEAN,
        prefer: str | None = None,
        reference_point: str | None = None,
        beside: Sequence[str] = (),
    ) -> Front:
        """Returns the front of what is known by now; nothing new is measured or trained.

        Args:
            device: only objectives of this device, or of these (and those of no device).
            objectives: names, instead of the campaign's: any that was measured.
            budgets: such as ``latency<=3ms``. One on a quantity (and device) that the campaign has a budget on
                replaces it, and so may be looser; the campaign's other budgets stay. Without ``@DEVICE`` it holds on
                each device that is looked at.
            across: ``worst`` or ``mean``: the front of candidates that are good on all devices.
            confidence: probability with which members must keep the budgets, 0.95 for example.
            dominance: ``mean``; or ``confident``: a candidate leaves only where another dominates it with a
                probability of `confidence` (0.95 without one) by the error bars.
            prefer: ``knee``, or weights such as ``error=2,latency=1``: which member is chosen.
            reference_point: what one would like to reach, such as ``error<=25%,latency<=1ms``: likewise.
            beside: names of other campaigns of the ledger, whose candidates stand on the same front.

        Raises:
            InputError: an unknown device, objective, unit or word, campaigns that cannot be looked at together, or what
                `front_of` refuses.
        """
        query = FrontQuery.of(device, objectives, budgets, across, confidence, dominance, prefer, reference_point)
        return answered(self._together(beside), query)

    def predicted(self, query: FrontQuery | None = None, *, samples: int = 0, beside: Sequence[str] = ()) -> Front:
        """Returns the front that the surrogates predict, of all searched candidates and of new ones.

        Args:
            query: what is asked; the campaign's own front without it.
            samples: so many candidates of the space beside those that were searched.
            beside: names of other campaigns of the ledger.

        Raises:
            InputError: what `protran.campaign.predicted.predicted_front` refuses.
        """
        return predicted_front(self._together(beside), query or FrontQuery(), samples=samples)

    def explain(self, candidate: str, query: FrontQuery | None = None, *, beside: Sequence[str] = ()) -> Explanation:
        """Returns why a candidate is on the front, or why not.

        Args:
            candidate: the first digits of its key.
            query: what the front is of; the campaign's own without it.
            beside: names of other campaigns of the ledger.

        Raises:
            InputError: what `protran.campaign.explain.explained` refuses.
        """
        return explained(self._together(beside), query or FrontQuery(), candidate)

    def compare(
        self,
        against: str | Sequence[str],
        query: FrontQuery | None = None,
        *,
        beside: Sequence[str] = (),
        seed: int = 0,
    ) -> ComparedCampaigns:
        """Returns how its front compares with that of another campaign, or of several.

        Args:
            against: names of campaigns of the ledger.
            query: what the fronts are of.
            beside: names of campaigns that are on this one's side.
            seed: of the draws from the error bars.

        Raises:
            InputError: what `protran.campaign.compare.compared` refuses.
        """
        others = [against] if isinstance(against, str) else list(against)
        with opened_for(self.name, self._place) as ledger:
            ours, theirs = ([read_campaign(ledger, name) for name in side] for side in ((self.name, *beside), others))
        return compared(ours, theirs, query or FrontQuery(), seed=seed)

    def claims(
        self,
        reference: str | Candidate,
        device: str | None = None,
        confidence: float = 0.95,
        *,
        called: str | None = None,
    ) -> Claims:
        """Returns what members of the verified front are worth against a reference; nothing new is measured or trained.

        Args:
            reference: a preset (``t1``), the first digits of a candidate's key, or a candidate.
            device: whose latency, energy and power are compared; the first by default.
            confidence: probability of intervals, and of one-sided limits of differences.
            called: what people call a candidate that is given as such.

        Raises:
            InputError: what `claims_of` refuses; `ReferenceNotMeasuredError` where `protran claims` must first train
                and measure the reference.
            CampaignError: the reference cannot be trained or measured.
        """
        with opened_for(self.name, self._place) as ledger:
            found = reference_of(ledger, self.name, reference, called)
            return claims_of(ledger, self.name, found, device=device, confidence=confidence)

    def export(
        self,
        candidate: str | None,
        out: Path | str,
        *,
        format: Format | str = Format.ONNX,
        quantize: bool = False,
        observer: Observer | None = None,
    ) -> Exported:
        """Writes a verified candidate's trained model into a new folder, with all that it takes to run it elsewhere.

        Weights that were not kept are trained again. The folder's own script then answers the task's test set.

        Args:
            candidate: the first digits of its key, or ``best``: the least error on the front.
            out: the folder; it must not exist yet, or be empty.
            format: ``onnx``; ``torch``; ``hf``, for stock architectures alone.
            quantize: of a candidate in fp32, the int8 version of the same weights (onnx alone).
            observer: is told of trainings and of the check.

        Raises:
            InputError, CampaignError: what `deployable_of` refuses.
            ProTranError, SpaceError: what `protran.deploy.export.export` refuses; `WrongScoresError` where the exported
                model does not score what the ledger says.
        """
        from protran.deploy.export import export  # noqa: PLC0415 - it loads torch, which looking at a campaign does not

        with opened_for(self.name, self._place) as ledger:
            deployable = deployable_of(ledger, self.name, candidate)
        return export(deployable, Path(out), format_called(format), quantize=quantize, observer=observer)

    def draw(
        self, front: Front, path: Path | str, *, predicted: Front | None = None, beside: Sequence[str] = ()
    ) -> Path:
        """Draws a front that `front` returned, among the campaign's other candidates, and returns the path.

        Args:
            front: what to draw.
            path: ends in .png, .svg or .pdf.
            predicted: a front that `predicted` returned, to stand beside it.
            beside: the other campaigns that the front was asked of.

        Raises:
            InputError: the path ends otherwise, or cannot be written.
        """
        return draw_query(self._together(beside), front, Path(path), predicted=predicted)

    def page(self, options: PageOptions | None = None) -> dict[str, Any]:
        """Returns the document behind the campaign's page (`protran.report.page.schema`), as JSON.

        Args:
            options: what it shows beside what the ledger says.
        """
        with opened_for(self.name, self._place) as ledger:
            return page_document(ledger, self.name, options)

    def report(self, path: Path | str | None = None, *, document: dict[str, Any] | None = None) -> Path:
        """Writes one HTML file that shows the campaign without any other file, and returns its path.

        Args:
            path: ends in .html; by default `report.html` in the campaign's folder.
            document: what `page` returned, for options of its own.

        Raises:
            InputError: the path ends otherwise, or cannot be written.
        """
        content = self.page() if document is None else document
        return write_page(content, self._place.folder, None if path is None else Path(path))

    def _together(self, beside: Sequence[str]) -> KnownCampaign:
        """Returns what is known by now, of this campaign or of several together."""
        with opened_for(self.name, self._place) as ledger:
            return together([read_campaign(ledger, name) for name in (self.name, *beside)])


def opened_for(name: str, place: LedgerPlace) -> Ledger:
    """Returns the ledger, to read. Raises `UnknownCampaignError` where there is none, so no campaign `name`."""
    try:
        return Ledger.open(place, read_only=True)
    except NoLedgerError:
        where = place.folder if place.url is None else place
        raise UnknownCampaignError(
            f"there is no campaign {name!r}: {where} holds no ledger; start one with `protran search --name {name}`, "
            f"or say where it is with --runs or --ledger"
        ) from None
