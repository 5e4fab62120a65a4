from __future__ import annotations

import math
import threading
from collections.abc import Iterator

import numpy as np
import optuna
import pytest
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from protran.errors import InputError
from protran.integration.optuna import ProTranSampler, suggest_candidate
from protran.integration.optuna.proposal import SearchEffort
from protran.optimize.hypervolume import hypervolume
from search_spaces.cost import count_candidate
from search_spaces.presets import BERT_INPUT
from search_spaces.space import load_space

LITTLE = SearchEffort(draws=32, starts=3, steps=6, rounds=2)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def little(seed: int | None = 0, startup: int = 5, **options) -> ProTranSampler:
    return ProTranSampler(seed=seed, n_startup_trials=startup, effort=LITTLE, **options)


def valley(trial: optuna.Trial) -> float:
    x, y = trial.suggest_float("x", -2, 2), trial.suggest_int("y", 0, 20)
    kind = trial.suggest_categorical("kind", ["a", "b", None])
    return (x - 0.7) ** 2 + 0.01 * (y - 6) ** 2 + (0.0 if kind == "b" else 1.0)


def trade_off(trial: optuna.Trial) -> tuple[float, float]:
    """Minimise the first, maximise the second; the front has `b` and `n` = 4."""
    x, n = trial.suggest_float("x", 0, 1), trial.suggest_int("n", 1, 64, log=True)
    lost = 0.0 if trial.suggest_categorical("kind", ["a", "b", "c"]) == "b" else 0.3
    lost += 0.1 * abs(math.log2(n) - 2)
    return x**2 + lost, -((1 - x) ** 2) - lost


def bowls(trial: optuna.Trial) -> tuple[float, float]:
    """As `trade_off`, of numbers alone; the front has y = 0.3 and z = 0.6."""
    x, y, z = (trial.suggest_float(name, 0, 1) for name in "xyz")
    lost = (y - 0.3) ** 2 + (z - 0.6) ** 2
    return x**2 + lost, -((1 - x) ** 2) - lost


def volume(sampler: optuna.samplers.BaseSampler, trials: int) -> float:
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
    study.optimize(bowls, n_trials=trials)
    return hypervolume(np.array([[trial.values[0], -trial.values[1]] for trial in study.trials]), np.array([1.0, 1.0]))


def params(study: optuna.Study) -> list[dict]:
    return [trial.params for trial in study.trials]


def test_equal_seeds_give_equal_trials_and_others_do_not() -> None:
    runs = []
    for seed in (3, 3, 4):
        study = optuna.create_study(sampler=little(seed))
        study.optimize(valley, n_trials=9)
        runs.append(params(study))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_without_a_seed_studies_differ() -> None:
    first, second = (optuna.create_study(sampler=little(None)) for _ in range(2))
    for study in (first, second):
        study.optimize(valley, n_trials=2)
    assert params(first) != params(second)


def test_a_new_seed_gives_other_values() -> None:
    sampler = little()
    study = optuna.create_study(sampler=sampler)
    trial = study._storage.get_trial(study._storage.create_new_trial(study._study_id))
    uniform = FloatDistribution(0, 1)
    before = sampler.sample_independent(study, trial, "x", uniform)
    sampler.reseed_rng()
    assert sampler.sample_independent(study, trial, "x", uniform) != before


def test_it_dominates_more_than_random_choice() -> None:
    random = [volume(optuna.samplers.RandomSampler(seed=seed), 18) for seed in range(6)]
    ours = [volume(little(seed, startup=8), 18) for seed in range(2)]
    assert min(ours) > max(random)


def test_it_finds_the_best_of_mixed_parameters() -> None:
    study = optuna.create_study(sampler=little(startup=8))
    study.optimize(valley, n_trials=20)
    assert study.best_params["kind"] == "b"
    assert study.best_value < 0.02


def test_more_objectives_than_a_hypervolume_takes_are_weighted() -> None:
    study = optuna.create_study(directions=["minimize"] * 5, sampler=little())
    study.optimize(lambda trial: [trial.suggest_float(f"x{i}", 0, 1) for i in range(5)], n_trials=7)
    assert len(study.trials) == 7


@pytest.mark.parametrize("way", ["set_constraint", "constraints_func"])
def test_constraints_are_kept(way: str) -> None:
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_user_attr("over", 1.2 - x - y)
        if way == "set_constraint":
            trial.set_constraint("sum", 1.2 - x - y)
        return x, y

    def over(trial: optuna.trial.FrozenTrial) -> list[float]:
        return [trial.user_attrs["over"]]

    sampler = little(startup=8, constraints_func=over if way == "constraints_func" else None)
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
    study.optimize(objective, n_trials=17)
    assert all(len(trial.constraints) == 1 for trial in study.trials)
    chosen = study.trials[8:]
    kept = [trial for trial in chosen if trial.user_attrs["over"] <= 0]
    assert len(kept) >= 0.6 * len(chosen)  # by chance it is a third
    assert np.mean([sum(trial.params.values()) for trial in kept]) < 1.35


def test_while_no_trial_keeps_the_constraints_it_searches_for_one() -> None:
    def objective(trial: optuna.Trial) -> float:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("corner", max(0.97 - x, 0.97 - y))
        return x + y

    study = optuna.create_study(sampler=little())
    study.optimize(objective, n_trials=14)
    assert all(max(trial.constraints.values()) > 0 for trial in study.trials[:5])
    assert any(max(trial.constraints.values()) <= 0 for trial in study.trials)


def test_what_a_running_trial_will_be_is_not_proposed_again() -> None:
    study = optuna.create_study(sampler=little(startup=4))
    study.optimize(lambda trial: trial.suggest_int("x", 0, 9) / 9, n_trials=4)
    distributions = study.trials[0].distributions
    running = [study.ask(distributions) for _ in range(4)]
    tried = [trial.params["x"] for trial in study.trials]
    assert len(running) == 4
    assert len(set(tried)) == len(tried)


def test_a_proposal_is_known_to_others_before_the_objective_asks_for_it() -> None:
    study = optuna.create_study(sampler=little(startup=2))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    study.ask()  # samples its relative parameters, stores none of them
    proposed = [study.ask().relative_params["x"] for _ in range(2)]
    assert proposed[0] != proposed[1]
    assert all("protran:proposed:0" in trial.system_attrs for trial in study.trials[-2:])


def test_threads_may_share_it() -> None:
    threads = torch.get_num_threads()
    study = optuna.create_study(sampler=little(startup=3))
    names = set()

    def objective(trial: optuna.Trial) -> float:
        names.add(threading.current_thread().name)
        return valley(trial)

    study.optimize(objective, n_trials=10, n_jobs=3)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 10
    assert torch.get_num_threads() == threads


def test_failed_and_pruned_trials_and_infinite_values_do_no_harm() -> None:
    def objective(trial: optuna.Trial) -> float:
        value = valley(trial)
        if trial.number % 5 == 1:
            raise optuna.TrialPruned
        if trial.number % 5 == 2:
            raise RuntimeError
        return [value, 0.0, 0.0, math.inf, math.nan][trial.number % 5]

    study = optuna.create_study(sampler=little(startup=2))
    study.optimize(objective, n_trials=15, catch=RuntimeError)
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.PRUNED) == 3
    assert states.count(TrialState.FAIL) == 6


def test_equal_values_everywhere_do_no_harm() -> None:
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=little(startup=2))
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1) * 0, 7.0), n_trials=6)
    assert len({trial.params["x"] for trial in study.trials}) == 6


def test_values_of_any_size_are_searched_alike() -> None:
    found = []
    for factor in (1.0, 1e-12, 1e12):
        study = optuna.create_study(directions=["minimize", "minimize"], sampler=little())
        study.optimize(lambda trial, f=factor: [f * value + f for value in trade_off(trial)], n_trials=8)
        found.append([trial.params["x"] for trial in study.trials])
    assert found[1] == pytest.approx(found[0], abs=1e-3)
    assert found[2] == pytest.approx(found[0], abs=1e-3)


def test_parameters_that_come_and_go_are_drawn_at_random() -> None:
    def objective(trial: optuna.Trial) -> float:
        shared = trial.suggest_float("shared", 0, 1)
        return shared + trial.suggest_float(f"own {trial.number % 2}", 0, 1)

    sampler = little(startup=3)
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=8)
    trial = study._storage.get_trial(study._storage.create_new_trial(study._study_id))
    assert list(sampler.infer_relative_search_space(study, trial)) == ["shared"]


def test_a_small_space_may_be_used_up() -> None:
    study = optuna.create_study(sampler=little(startup=2))
    study.optimize(lambda trial: float(trial.suggest_categorical("x", [1, 2, 3])), n_trials=7)
    assert {trial.params["x"] for trial in study.trials} == {1, 2, 3}


def test_it_works_where_the_user_switched_gradients_off() -> None:
    study = optuna.create_study(sampler=little(startup=2))
    with torch.no_grad():
        study.optimize(valley, n_trials=4)
    assert len(study.trials) == 4


def test_many_trials_of_one_number_do_no_harm() -> None:
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: ((x := trial.suggest_float("x", 0, 1)), (1 - x) ** 2), n_trials=110)
    study.sampler = little()
    study.optimize(lambda trial: ((x := trial.suggest_float("x", 0, 1)), (1 - x) ** 2), n_trials=2)
    assert all("protran:proposed:0" in trial.system_attrs for trial in study.trials[-2:])


def test_a_model_that_cannot_be_computed_does_not_end_the_study(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*arguments, **options):
        raise torch.linalg.LinAlgError("not positive-definite")

    monkeypatch.setattr("protran.integration.optuna.sampler.make_acquisition", fails)
    optuna.logging.enable_propagation()
    study = optuna.create_study(sampler=little(startup=2))
    study.optimize(valley, n_trials=4)
    optuna.logging.disable_propagation()
    assert [record.message.split(" (")[0] for record in caplog.records] == [
        f"Trial {number} is spread evenly: the model cannot be computed" for number in (2, 3)
    ]


def test_trials_outlive_the_process(tmp_path) -> None:
    storage = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name="x", storage=storage, sampler=little(startup=2))
    study.optimize(valley, n_trials=4)
    again = optuna.load_study(study_name="x", storage=storage, sampler=little(startup=2))
    again.optimize(valley, n_trials=2)
    whole = optuna.create_study(sampler=little(startup=2))
    whole.optimize(valley, n_trials=6)
    assert params(again) == params(whole)


def test_genes_are_seen_with_what_they_cost() -> None:
    space = load_space("edge-small")

    def latency(trial: optuna.Trial) -> float:
        cost = count_candidate(suggest_candidate(trial, space), BERT_INPUT)
        return 1e-4 + 1e-9 * float(cost.macs)

    best = []
    for options in ({"space": space, "input_spec": BERT_INPUT}, {}):
        study = optuna.create_study(sampler=little(startup=6, **options))
        study.optimize(latency, n_trials=9)
        best.append(study.best_value)
    assert best[0] < 0.8 * best[1]


def test_genes_that_are_not_there_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    optuna.logging.enable_propagation()
    study = optuna.create_study(sampler=little(startup=2, space=load_space("edge-small"), input_spec=BERT_INPUT))
    study.optimize(valley, n_trials=5)
    optuna.logging.disable_propagation()
    assert sum("are not the genes of the space edge-small" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("wrong", [{"space": load_space("edge-small")}, {"seed": -1}, {"n_startup_trials": -1}])
def test_wrong_arguments_are_refused(wrong: dict) -> None:
    with pytest.raises(InputError):
        ProTranSampler(**wrong)


def test_a_single_value_is_returned_as_it_is() -> None:
    study = optuna.create_study(sampler=little())
    trial = study.ask({"x": CategoricalDistribution(["a"])})
    assert trial.params == {"x": "a"}
