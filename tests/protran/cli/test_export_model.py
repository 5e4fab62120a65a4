from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from protran.cli.export_model import _state
from protran.deploy.errors import WrongScoresError
from protran.deploy.events import CheckBegan, EpochDone, TrainingBegan
from protran.deploy.format import Format
from protran.deploy.verification import Verification
from protran.errors import InputError
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, Runtime

CANDIDATE = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (8,)),)))
IN_ONNX = Candidate(CANDIDATE.architecture, Deployment(runtime=Runtime.ONNXRUNTIME))


class Campaign:
    """Stands in for a campaign: notes what it was asked, and tells what an export tells."""

    def __init__(self) -> None:
        self.asked: dict = {}
        self.correct = 30

    def export(self, candidate, out, *, observer, **options):
        self.asked = {"candidate": candidate, "out": out, **options}
        if candidate is None:
            raise InputError("expected a candidate of 'demo' to export: best, or one of 0123abcd")
        for event in (TrainingBegan("the model", 15, 8.2), EpochDone(1, 15, 0.5), CheckBegan(40)):
            observer(event)
        found = Verification(40, self.correct, 0.75, "ledger")
        done = SimpleNamespace(
            folder=out,
            form=Format.ONNX,
            kept=False,
            candidate=IN_ONNX,
            verification=found,
            deployable=SimpleNamespace(campaign="demo", member=SimpleNamespace(candidate=CANDIDATE), measured={}),
            to_json=lambda: {"test": found.to_json()},
        )
        if not found.ok:
            raise WrongScoresError("expected a test accuracy of 75.00 %; do not use it", done)
        return done


@pytest.fixture
def campaign(monkeypatch):
    made = Campaign()
    monkeypatch.setitem(sys.modules, "protran.api", SimpleNamespace(open_campaign=lambda name, **where: made))
    return made


def test_it_says_where_the_model_is_and_what_it_scores(run, campaign):
    ran = run("export", "demo", "best", "--out", "a model")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"{CANDIDATE.key[:8]} of demo as onnx in 'a model' (weights trained again)",
        "test accuracy 75.00 % (30 of 40 windows, by the exported model); the ledger says 75.00 %: a difference of "
        "0 windows",
        "note: latency and energy on the front are not of this file, which runs in onnxruntime as fp32; "
        "`protran profile 'a model'/candidate.json` measures it",
        "Next: python 'a model'/run.py WINDOWS.npy; 'a model'/README.md is its model card",
    ]
    assert ran.err.splitlines() == [
        "no weights were kept: training the model again, 15 epochs, which took 0:08 in the campaign",
        "checking the exported model on 40 test windows",
    ]
    assert campaign.asked == {"candidate": "best", "out": Path("a model"), "format": "onnx", "quantize": False}


def test_the_options_arrive(run, campaign):
    assert run("export", "demo", "best", "--format", "torch", "--quantize", "--out", "m").code == 0
    assert (campaign.asked["format"], campaign.asked["quantize"]) == ("torch", True)


def test_the_json_is_one_object(run, campaign):
    assert json.loads(run("export", "demo", "best", "--out", "m", "--json").out)["test"]["ok"]


def test_a_wrong_score_ends_with_1_and_the_json_is_there_all_the_same(run, campaign):
    campaign.correct = 20
    ran = run("export", "demo", "best", "--out", "m", "--json")
    assert ran.code == 1
    assert "do not use it" in ran.err
    assert not json.loads(ran.out)["test"]["ok"]


def test_without_a_candidate_it_names_those_there_are(run, campaign):
    ran = run("export", "demo")
    assert (ran.code, ran.out) == (2, "")
    assert "one of 0123abcd" in ran.err


def test_without_a_folder_it_asks_for_one(run, campaign):
    ran = run("export", "demo", "best")
    assert (ran.code, campaign.asked) == (2, {})
    assert "--out FOLDER" in ran.err


def test_one_candidate_and_a_whole_study_exclude_each_other(run, campaign):
    ran = run("export", "demo", "best", "--optuna", "sqlite:///s.db")
    assert ran.code == 2
    assert "--optuna exports all of a campaign" in ran.err


def test_a_terminal_shows_how_far_the_training_is():
    assert _state(TrainingBegan("the model", 15, None))["total"] == 15
    assert _state(EpochDone(5, 15, 10.0)) == {"completed": 5, "left": "0:20 left"}
    assert _state(CheckBegan(40))["total"] == 1
