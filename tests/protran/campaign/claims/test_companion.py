"""References that a campaign did not verify are trained and measured as its members were, on invented devices."""

from __future__ import annotations

import pytest
from small_campaign import SmallCampaign

import protran
from device_agents.fleet.base import ProfileJob, TaskJob
from protran.campaign.claims.companion import ReferenceNotMeasuredError, companion_name
from protran.campaign.claims.reference import Reference
from protran.campaign.events import CampaignOpened
from protran.errors import CampaignError, InputError
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.presets import preset

T1 = preset("t1")[0]
SMALLEST = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (8,)),)))


def claims(small, reference="t1", **options):
    return protran.open_campaign("x", runs=small.runs).claims(reference, **options)


def measure(small, reference="t1", observer=None) -> None:
    """Does what `protran claims` does where nobody measured the reference."""
    with pytest.raises(ReferenceNotMeasuredError) as caught:
        claims(small, reference)
    missing = caught.value
    protran.start_campaign(
        missing.config, candidates=(missing.reference.candidate,), runs=small.runs, observer=observer
    )


def test_a_reference_is_trained_and_measured_as_the_members_were(small) -> None:
    measure(small)
    trainings = [job.payload for job in small.asked if isinstance(job, TaskJob)]
    assert [item["seed"] for item in trainings] == [0, 1, 2, 3, 1, 2, 3]
    assert [item["fidelity"].get("refit", False) for item in trainings] == [False] * 4 + [True] * 3
    profiles = [job.request for job in small.asked if isinstance(job, ProfileJob)]
    assert [(request.candidate, request.repeat) for request in profiles] == [(T1, 0), (T1, 1)]
    found = claims(small)
    assert (found.known.campaign, found.reference.candidate) == ("x-vs-t1", T1)
    assert found.claims[0].sentence.startswith("no member of the front scores as t1 does")  # more weights, less error


def test_it_is_said_first_what_there_is_to_do(small) -> None:
    with pytest.raises(ReferenceNotMeasuredError, match=r"t1 needs 7 trainings and 2 profiles for that.*--no-work"):
        claims(small)
    assert small.asked == []
    assert [item.name for item in protran.list_campaigns(small.runs)] == ["x"]


def test_a_finished_companion_is_only_read(small) -> None:
    measure(small)
    small.asked.clear()
    assert claims(small) is not None
    assert small.asked == []


def test_a_verified_candidate_costs_nothing(small) -> None:
    member = protran.open_campaign("x", runs=small.runs).front().candidates[0]
    found = claims(small, member.candidate.key[:8])
    assert found.known.campaign == "x"
    assert member.candidate.key not in [claim.comparison.key for claim in found.claims if claim.comparison]


def test_the_progress_knows_what_is_planned(small) -> None:
    events = []
    measure(small, observer=events.append)
    (opened,) = [event for event in events if isinstance(event, CampaignOpened)]
    assert (opened.profiles_planned, opened.trainings_planned) == (2, 7)


def test_a_companion_that_was_killed_goes_on_where_it_stopped(small) -> None:
    def killed(job, answered: int) -> None:
        if answered == 4:
            raise KeyboardInterrupt

    small.spoil = killed
    with pytest.raises(KeyboardInterrupt):
        measure(small)
    small.spoil = lambda job, answered: None
    with pytest.raises(ReferenceNotMeasuredError, match=r"t1 needs 5 trainings and 0 profiles"):
        claims(small)
    measure(small)
    assert len(small.asked) == 9
    assert len({job.job_id for job in small.asked}) == 9


def test_the_list_shows_a_companion_as_one_model_that_stands_alone(small) -> None:
    measure(small)
    (companion,) = [item for item in protran.list_campaigns(small.runs) if item.name != "x"]
    assert (companion.name, companion.space, companion.phase) == ("x-vs-t1", "t1 alone", "done")


def test_a_reference_that_cannot_be_trained_is_one_sentence(small) -> None:
    small.spoil = lambda job, answered: "out of memory" if isinstance(job, TaskJob) else None
    measure(small)
    with pytest.raises(CampaignError, match=r"^the reference t1 could not be trained or measured .*: out of memory; "):
        claims(small)


def test_another_model_of_the_same_name_is_refused(small) -> None:
    measure(small)
    with pytest.raises(InputError, match=r"campaign 'x-vs-t1' to hold the reference t1 of 'x', and it holds something"):
        claims(small, preset("t2")[0], called="t1")
    with pytest.raises(InputError, match=r"the candidates that campaign 'x-vs-t1' began with, got others"):
        with pytest.raises(ReferenceNotMeasuredError) as caught:
            claims(small, "t2")
        config = caught.value.config.model_copy(update={"name": "x-vs-t1", "space": _space(small)})
        protran.start_campaign(config, candidates=(preset("t2")[0],), runs=small.runs)


def _space(small):
    from protran.ledger.ledger import Ledger

    with Ledger.open(small.runs / "ledger.sqlite", read_only=True) as ledger:
        return ledger.campaign("x-vs-t1").config["config"]["space"]


def test_another_recipe_than_that_of_the_members_is_refused(small, monkeypatch) -> None:
    from protran.training.recipe import Recipe

    real = Recipe.to_json
    monkeypatch.setattr(Recipe, "to_json", lambda recipe: {**real(recipe), "learning_rate": 0.123})
    with pytest.raises(InputError, match=r"a campaign of today has another recipe"):
        measure(small)


def test_candidates_need_a_campaign_that_they_are_treated_like(small) -> None:
    from protran.config import config_from_arguments

    config = config_from_arguments({"name": "y", "space": "edge-small", "task": "watch"})
    with pytest.raises(InputError, match=r"^expected an origin beside candidates"):
        protran.start_campaign(config, candidates=(T1,), runs=small.runs)


def test_an_unfinished_campaign_makes_no_claims(bench) -> None:
    with bench.ledger() as ledger:
        bench.begin(ledger)
    with pytest.raises(InputError, match=r"^expected a campaign that is complete, and 'invented' is in its phase seed"):
        protran.open_campaign("invented", runs=bench.folder).claims("t1")


def test_an_unknown_device_and_an_odd_confidence_are_refused(small) -> None:
    key = protran.open_campaign("x", runs=small.runs).front().candidates[0].candidate.key
    with pytest.raises(InputError, match=r"^device must be one of local; got 'moon'"):
        claims(small, key, device="moon")
    with pytest.raises(InputError, match=r"^confidence must be a probability"):
        claims(small, key, confidence=2.0)


def test_the_name_of_a_companion_is_a_campaigns_name_however_long_and_odd() -> None:
    long = companion_name("c" * 64, Reference("../ä b", T1))
    assert len(long) == 64
    assert long != companion_name("c" * 64, Reference("other", T1))
    assert companion_name("demo", Reference("../ä b", T1)) == "demo-vs-a-b"


def test_the_figures_are_handed_on_as_json(small) -> None:
    import json

    measure(small, SMALLEST)
    document = json.loads(json.dumps(claims(small, SMALLEST).to_json(), allow_nan=False))
    assert document["reference"]["measured_by"] == f"x-vs-{SMALLEST.key[:8]}"
    first = document["claims"][0]
    assert first["ratios"]["latency_s"]["provenance"] == "simulated"
    assert first["member"]["values"]["energy_j"]["value"] is None
    assert "energy_j" not in first["ratios"]


def test_a_reference_that_trained_badly_is_told_in_every_sentence(small, monkeypatch) -> None:
    monkeypatch.setattr("protran.campaign.claims.of_campaign.went_backwards", lambda *_: (4, 6))
    measure(small, SMALLEST)
    found = claims(small, SMALLEST)
    assert all("went backwards, so that it scores worse than it could" in claim.sentence for claim in found.claims)
    assert "rose again in 4 of 6 trainings" in found.notes[0]


def test_of_several_devices_one_is_compared_and_the_reference_is_measured_on_each(tmp_path, monkeypatch) -> None:
    devices = ["sim:rpi4", "sim:jetson-nano"]
    both = SmallCampaign.run(tmp_path, monkeypatch, devices=devices, objectives=["error", "latency"])
    measure(both, SMALLEST)
    assert sum(isinstance(job, ProfileJob) for job in both.asked) == 4
    found = claims(both, SMALLEST, device="sim:jetson-nano")
    (first, *_) = found.claims
    assert first.comparison is not None
    known = first.comparison.member.values["latency_s@sim:jetson-nano"]
    assert (found.device, first.comparison.values["latency_s"]) == ("sim:jetson-nano", known)
    assert claims(both, SMALLEST).device == "sim:rpi4"
