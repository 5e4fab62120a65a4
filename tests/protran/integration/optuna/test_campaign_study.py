from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

import protran
from protran.errors import InputError, UnknownCampaignError
from protran.integration.optuna.campaign_study import export_campaign
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Candidate

Run = Callable[..., Path]


def study_of(url: str, name: str = "demo") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=url)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/studies.db"


@pytest.fixture(scope="module")
def exported_once(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "studies.db"
    export_campaign("demo", f"sqlite:///{path}", runs=finished)
    return path


@pytest.fixture
def exported(exported_once: Path, tmp_path: Path) -> str:
    """The finished campaign, in a database of this test's own."""
    shutil.copy(exported_once, tmp_path / "studies.db")
    return f"sqlite:///{tmp_path}/studies.db"


def test_every_profiled_candidate_is_a_trial_with_its_values(finished: Path, exported: str) -> None:
    study = study_of(exported)
    front = {member.candidate.key: member for member in protran.open_campaign("demo", runs=finished).front().candidates}
    assert study.metric_names == ["error", "latency_s", "memory_bytes", "energy_j"][: len(study.directions)]
    assert Counter(trial.state for trial in study.trials) == {TrialState.COMPLETE: 7, TrialState.PRUNED: 2}
    shown = {trial.user_attrs["candidate"]: trial for trial in study.trials}
    assert len(shown) == 9
    assert set(front) <= {key for key, trial in shown.items() if trial.user_attrs["fidelity"] == "full"}
    for key, member in front.items():
        trial = shown[key]
        assert trial.values == [member.number(name) for name in study.metric_names]
        assert trial.user_attrs["provenance"]["latency_s"] == "simulated"
        assert trial.user_attrs["stderr"]["latency_s"] == member.values["latency_s"].stderr
        assert trial.user_attrs["test_error"] == member.number("test_error")
        assert trial.user_attrs["phase"] == "verified"
        assert Candidate.from_json(trial.user_attrs["genes"]) == member.candidate


def test_genes_are_parameters_that_all_trials_have(exported: str) -> None:
    trials = study_of(exported).trials
    space = optuna.search_space.intersection_search_space(trials)
    assert {"depth", "layer1.hidden", "layer1.kind.c_5"} <= set(space)
    assert all(trial.params.keys() == space.keys() for trial in trials)


def test_a_candidate_that_was_only_profiled_is_pruned_and_keeps_what_was_measured(exported: str) -> None:
    pruned = [trial for trial in study_of(exported).trials if trial.state is TrialState.PRUNED]
    assert all(trial.user_attrs["phase"] == "learn" and trial.user_attrs["latency_s"] > 0 for trial in pruned)


def test_budgets_are_constraints(campaign: Run, url: str) -> None:
    whole = export_campaign("demo", url, runs=campaign("free"))
    assert whole.added["complete"] == 7
    middle = sorted(trial.values[1] for trial in study_of(url).trials if trial.values)[3]
    runs = campaign("held", name="held", budgets=[f"latency<={middle * 1e6:.6f}us", "memory<=1GB"])
    export_campaign("held", url, runs=runs)
    study = study_of(url, "held")
    done = [trial for trial in study.trials if trial.state is TrialState.COMPLETE]
    assert len(study.user_attrs["budgets"]) == 2
    for trial in done:
        first, second = trial.constraints.values()
        assert first == pytest.approx(trial.values[1] / middle - 1, abs=1e-5)
        assert second < 0
    keepers = {trial.number for trial in done if max(trial.constraints.values()) <= 0}
    assert {trial.number for trial in study.best_trials} <= keepers
    assert 0 < len(keepers) < len(done)


def test_a_failed_candidate_is_a_failed_trial_with_its_reason(campaign: Run, url: str) -> None:
    runs = campaign(spoil=lambda job, number: "it did not fit" if number == 0 else None)
    assert export_campaign("demo", url, runs=runs).added["fail"] == 1
    (failed,) = [trial for trial in study_of(url).trials if trial.state is TrialState.FAIL]
    assert failed.user_attrs["reason"] == "it did not fit"
    assert failed.values is None


def test_exporting_again_adds_nothing(finished: Path, exported: str) -> None:
    again = export_campaign("demo", exported, runs=finished)
    assert (sum(again.added.values()), again.present) == (0, 9)
    assert len(study_of(exported).trials) == 9


def test_a_campaign_that_went_on_adds_what_is_new(campaign: Run, url: str) -> None:
    runs = campaign(jobs=8)
    before = export_campaign("demo", url, runs=runs)
    assert 0 < sum(before.added.values()) < 9
    campaign()
    after = export_campaign("demo", url, runs=runs)
    trials = study_of(url).trials
    assert len(trials) == sum(before.added.values()) + sum(after.added.values())
    assert len({trial.user_attrs["protran:trial"] for trial in trials}) == len(trials)
    assert len({trial.user_attrs["candidate"] for trial in trials}) == 9


def test_a_study_of_another_campaign_is_refused(campaign: Run, exported: str) -> None:
    other = campaign("others", seed=3)
    with Ledger.open(other / "ledger.sqlite") as ledger, pytest.raises(InputError, match="not one of this campaign"):
        assert ledger.campaign("demo")
        export_campaign("demo", exported, runs=other)


def test_a_study_that_somebody_made_is_refused_and_stays(finished: Path, url: str) -> None:
    own = optuna.create_study(study_name="demo", storage=url)
    own.add_trial(optuna.create_trial(value=1.0))
    with pytest.raises(InputError, match="not one of this campaign"):
        export_campaign("demo", url, runs=finished)
    assert len(study_of(url).trials) == 1


def test_an_export_that_was_killed_at_its_start_is_gone_on_with(finished: Path, url: str) -> None:
    runs = finished
    directions = ["minimize"] * len(protran.open_campaign("demo", runs=runs).status().objectives)
    optuna.create_study(study_name="demo", storage=url, directions=directions)
    assert sum(export_campaign("demo", url, runs=runs).added.values()) == 9


def test_hostile_names_are_no_campaigns_and_harm_nothing(finished: Path, exported: str) -> None:
    for name in ("x'; DROP TABLE studies; --", "../../x", "a\nb", "", "\x1b[31m"):
        with pytest.raises(UnknownCampaignError):
            export_campaign(name, exported, runs=finished)
    assert len(study_of(exported).trials) == 9


def test_a_hostile_name_that_got_into_a_ledger_is_only_a_name(campaign: Run, url: str) -> None:
    runs = campaign()
    name = "x'; DROP TABLE campaigns; --"
    with sqlite3.connect(runs / "ledger.sqlite") as connection:
        connection.execute("UPDATE campaigns SET name = ?", (name,))
    connection.close()
    export_campaign(name, url, runs=runs)
    assert len(study_of(url, name).trials) == 9


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("studies.db", "must be a URL such as"),
        ("sqlite://", "must be a file"),
        ("sqlite:///", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:////nowhere/at/all/studies.db", "unable to open database file"),
        ("nonsense://user:secret@host/db", "cannot use nonsense://host/db"),
        ("oracle+cx_oracle://user:secret@host/db", "driver of oracle.cx_oracle://host/db is not installed"),
    ],
)
def test_a_bad_database_is_one_sentence_without_its_password(finished: Path, bad: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        export_campaign("demo", bad, runs=finished)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_ledger_itself_is_refused(finished: Path) -> None:
    runs = finished
    with pytest.raises(InputError, match="is the ledger"):
        export_campaign("demo", f"sqlite:///{runs}/ledger.sqlite", runs=runs)


def test_a_file_that_is_no_database_is_refused(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but longer than the header of one" * 20)
    with pytest.raises(InputError, match="file is not a database"):
        export_campaign("demo", f"sqlite:///{tmp_path}/text.db", runs=finished)


def test_a_file_that_cannot_be_written_is_refused(finished: Path, url: str, tmp_path: Path) -> None:
    export_campaign("demo", url, runs=finished)
    read_only = f"sqlite:///file:{tmp_path}/studies.db?mode=ro&uri=true"
    assert sum(export_campaign("demo", read_only, runs=finished).added.values()) == 0
    sqlite3.connect(tmp_path / "empty.db").execute("VACUUM").connection.close()
    with pytest.raises(InputError, match="attempt to write a readonly database"):
        export_campaign("demo", f"sqlite:///file:{tmp_path}/empty.db?mode=ro&uri=true", runs=finished)
