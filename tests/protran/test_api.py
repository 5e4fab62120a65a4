"""The Python face, on an invented device and trainer."""

from __future__ import annotations

import functools
import json
from datetime import UTC

import numpy as np
import pytest

import device_agents.fleet.opening
import protran
import protran.api
from protran.budgets import budgets_for
from protran.campaign.events import CampaignDone, CampaignOpened, WaitBegan
from protran.campaign.front_query import not_replaced
from protran.campaign.waiting import LowHoursWait
from protran.carbon.footprint import Stage
from protran.carbon.hours import LowHours
from protran.carbon.schedule import Schedule
from protran.config import config_from_arguments
from protran.errors import CampaignBusyError, InputError, ProTranError, UnknownCampaignError
from protran.ledger.ledger import Ledger

EFFORT = {"seed_candidates": 5, "learn_profiles": 0, "search_rounds": 1, "search_batch": 2, "verify_limit": 3}
FIELDS = {"name": "x", "space": "edge-small", "task": "watch", "effort": EFFORT, "proposer": "random"}


@pytest.fixture
def opened(monkeypatch) -> list[dict]:
    """Gives every campaign an invented dispatcher, and returns the options of each that was opened."""
    from invented_dispatcher import InventedDispatcher

    options: list[dict] = []

    def open_invented(kind: str, devices: list[str], **given) -> InventedDispatcher:
        options.append({"kind": kind, "devices": devices, **given})
        return InventedDispatcher()

    monkeypatch.setattr(protran.api, "open_dispatcher", open_invented)
    return options


@pytest.fixture
def simulating(monkeypatch) -> None:
    """Gives every campaign invented trainings beside the simulated devices that it asks for."""
    from invented_dispatcher import InventedDispatcher

    class TasksOnly(InventedDispatcher):
        def devices(self):
            return ()

    monkeypatch.setattr(device_agents.fleet.opening, "_on_ray", lambda **_: TasksOnly())


def test_a_campaign_leaves_a_front_as_json_and_as_a_picture(opened, tmp_path) -> None:
    result = protran.start_campaign(**FIELDS, runs=tmp_path)
    assert result.front.candidates
    assert json.loads((result.folder / "front.json").read_text()) == json.loads(json.dumps(result.front.to_json()))
    assert (result.folder / "front.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in result.folder.iterdir()) == ["front.json", "front.png"]


def test_a_finished_campaign_is_answered_from_the_ledger_alone(opened, tmp_path) -> None:
    first = protran.start_campaign(**FIELDS, runs=tmp_path)
    events = []
    again = protran.start_campaign(config_from_arguments(FIELDS), runs=tmp_path, observer=events.append)
    assert again == first
    assert len(opened) == 1
    assert [type(event) for event in events] == [CampaignDone]


def test_low_carbon_hours_are_waited_for_and_are_no_part_of_the_campaign(opened, tmp_path, monkeypatch) -> None:
    from fake_day import FakeDay

    day = FakeDay("2026-11-26T12:00:00")
    wait = functools.partial(LowHoursWait, now=day.now, sleep=day.sleep)
    monkeypatch.setattr(protran.api, "LowHoursWait", wait)
    night = LowHours(Schedule(tuple(float(hour) for hour in range(24))), 4, UTC)
    events = []
    result = protran.start_campaign(**FIELDS, runs=tmp_path, observer=events.append, carbon_schedule=night)
    assert [event.wait_s for event in events if isinstance(event, WaitBegan)] == [12 * 3600]
    assert protran.start_campaign(**FIELDS, runs=tmp_path) == result
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert "carbon" not in json.dumps(ledger.campaign("x").config)


def test_what_a_campaign_used_is_read_from_the_ledger(opened, tmp_path) -> None:
    protran.start_campaign(**FIELDS, runs=tmp_path)
    usage = protran.open_campaign("x", runs=tmp_path).usage()
    assert usage.stages[Stage.TRAINING].wall_s == len(usage.stages[Stage.TRAINING].jobs) > 0


def test_an_opened_campaign_answers_queries_without_new_work(opened, tmp_path) -> None:
    protran.start_campaign(**FIELDS, runs=tmp_path)
    campaign = protran.open_campaign("x", runs=tmp_path)
    whole = campaign.front()
    limit = sorted(member.number("latency_s") for member in whole.candidates)[0]
    fast = campaign.front(budgets=[f"latency<={limit * 1e6:.9f}us"])
    assert [member.number("latency_s") for member in fast.candidates] == [pytest.approx(limit)]
    small = campaign.front(objectives=["parameters"])
    assert len(small.candidates) == 1
    assert campaign.front(device="local").candidates == whole.candidates
    assert campaign.status().phase == "done"
    assert campaign.draw(fast, tmp_path / "fast.svg").read_text().startswith("<?xml")
    assert len(opened) == 1


def test_a_new_budget_replaces_the_campaigns_own_on_the_same_quantity_and_the_others_stay(opened, tmp_path) -> None:
    protran.start_campaign(**FIELDS, budgets=["latency<=1ns", "accuracy>=1%", "memory<=1GB"], runs=tmp_path)
    campaign = protran.open_campaign("x", runs=tmp_path)
    assert campaign.front().candidates == ()
    loosened = campaign.front(budgets=["latency<=3600s", "error<=100%"])
    assert loosened.candidates
    assert [budget.text for budget in loosened.budgets] == ["memory<=1GB", "latency<=3600s", "error<=100%"]


def test_a_budget_on_one_device_leaves_those_of_the_other_devices() -> None:
    own = budgets_for(["latency<=1ms"], ["pi", "nano"])
    kept = not_replaced(own, budgets_for(["latency@pi<=2ms"], ["pi", "nano"]))
    assert [budget.name for budget in kept] == ["latency_s@nano"]


def test_where_no_candidate_meets_the_budgets_the_nearest_misses_are_named(opened, tmp_path) -> None:
    protran.start_campaign(**FIELDS, runs=tmp_path)
    front = protran.open_campaign("x", runs=tmp_path).front(budgets=["latency<=1ns"])
    assert front.candidates == ()
    assert front.nearest_misses


def test_a_device_that_is_not_there_is_refused(opened, tmp_path) -> None:
    with pytest.raises(InputError, match="'pi' is not known"):
        protran.start_campaign(**FIELDS, devices=["pi"], runs=tmp_path)
    protran.start_campaign(**FIELDS, runs=tmp_path)
    with pytest.raises(InputError, match="device must be one of local; got 'pi'"):
        protran.open_campaign("x", runs=tmp_path).front(device="pi")
    with pytest.raises(InputError, match="'pi' is not known"):
        protran.profile(None, None, device="pi")
    assert len(opened) == 1


@pytest.mark.parametrize("wish", [{"objectives": ["error", "energy"]}, {"budgets": ["peak-power<=5W"]}])
def test_what_no_sensor_can_measure_is_refused_at_the_start(opened, tmp_path, wish) -> None:
    with pytest.raises(InputError, match=r"no usable power sensor.*protran doctor"):
        protran.start_campaign(**FIELDS, **wish, runs=tmp_path)
    assert opened == []


def test_a_dispatcher_that_is_not_known_is_refused_before_anything_is_made(opened, tmp_path) -> None:
    with pytest.raises(InputError, match="dispatcher must be one of ray, inline; got 'rya'"):
        protran.start_campaign(**FIELDS, runs=tmp_path / "runs", dispatcher="rya")
    assert not (tmp_path / "runs").exists()
    assert opened == []


def test_a_name_that_a_file_of_the_runs_folder_has_is_refused_before_anything_is_recorded(opened, tmp_path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(InputError, match=r"files of the runs folder, got 'ledger\.sqlite'"):
        protran.start_campaign(**{**FIELDS, "name": "ledger.sqlite"}, runs=tmp_path)
    with pytest.raises(InputError, match="notes, which is a file; choose another name"):
        protran.start_campaign(**{**FIELDS, "name": "notes"}, runs=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    assert opened == []


def test_no_dispatcher_is_opened_for_a_campaign_that_another_process_runs(opened, tmp_path) -> None:
    from protran.campaign.charter import write_charter
    from protran.campaign.problem import Device

    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        charter = write_charter(config_from_arguments(FIELDS), [Device("local", "0123")])
        with ledger.lock(ledger.create_campaign("x", charter, 0)), pytest.raises(CampaignBusyError):
            protran.start_campaign(**FIELDS, runs=tmp_path)
    assert opened == []


def test_results_can_be_looked_at_where_the_data_is_not_and_work_is_refused(opened, tmp_path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "waves.npz"
    np.savez(
        path, X=rng.standard_normal((90, 1, 32)).astype(np.float32), y=np.arange(90) % 3, groups=np.arange(90) // 3
    )
    fields = {**FIELDS, "task": str(path)}
    protran.start_campaign(**fields, runs=tmp_path)
    path.unlink()
    assert protran.open_campaign("x", runs=tmp_path).front().candidates
    assert protran.start_campaign(**fields, runs=tmp_path).front.candidates
    with pytest.raises(ProTranError, match=r"waves\.npz"):
        protran.start_campaign(**{**fields, "name": "y"}, runs=tmp_path)


def test_the_same_campaign_cannot_run_twice_at_once(opened, tmp_path) -> None:
    protran.start_campaign(**FIELDS, runs=tmp_path)
    busy = pytest.raises(CampaignBusyError, match="running already")
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, ledger.lock(ledger.campaign("x")), busy:
        protran.start_campaign(**FIELDS, runs=tmp_path)


def test_a_known_device_keeps_its_reference_latency(opened, tmp_path, monkeypatch) -> None:
    from invented_dispatcher import IDENTITY

    monkeypatch.setattr(protran.api, "device_identity", lambda: IDENTITY)
    protran.start_campaign(**FIELDS, runs=tmp_path)
    protran.start_campaign(**{**FIELDS, "name": "y"}, runs=tmp_path)
    assert [item["agent_options"].get("reference") for item in opened] == [None, {"latency_s": 1e-3}]


def test_a_campaign_on_a_simulated_device_runs_dry_and_its_front_says_so(simulating, tmp_path) -> None:
    front = protran.start_campaign(**FIELDS, devices=["sim:rpi4"], runs=tmp_path).front
    names = [item.name for item in front.objectives]
    assert names == ["error", "latency_s", "memory_bytes", "energy_j", "peak_power_w"]
    assert front.candidates
    for member in front.candidates:
        sources = {name: value.provenance.value for name, value in member.values.items()}
        assert {sources[name] for name in ("latency_s", "energy_j", "peak_power_w")} == {"simulated"}
        assert (sources["memory_bytes"], sources["error"]) == ("exact", "scored")


def test_one_campaign_may_be_on_several_simulated_devices(simulating, tmp_path) -> None:
    devices = ["sim:rpi4", "sim:a100"]
    objectives = ["error", "latency", "energy@sim:a100"]
    front = protran.start_campaign(**FIELDS, devices=devices, objectives=objectives, runs=tmp_path).front
    names = [item.name for item in front.objectives]
    assert names == ["error", "latency_s@sim:rpi4", "latency_s@sim:a100", "energy_j@sim:a100"]
    for member in front.candidates:
        assert member.number("latency_s@sim:a100") < member.number("latency_s@sim:rpi4")


def test_energy_is_refused_on_this_machine_and_not_on_a_simulated_device_beside_it(opened, tmp_path) -> None:
    with pytest.raises(InputError, match="energy cannot be measured on 'local'"):
        protran.start_campaign(**FIELDS, devices=["local", "sim:rpi4"], objectives=["error", "energy"], runs=tmp_path)
    config = config_from_arguments({**FIELDS, "devices": ["local", "sim:rpi4"], "objectives": ["energy@sim:rpi4"]})
    protran.api._check_possible(config, tmp_path)


def test_a_model_is_profiled_on_a_simulated_device_and_each_repeat_differs() -> None:
    from search_spaces.presets import PRESETS

    tiny = PRESETS["bert-tiny"]
    first, second = protran.profile(tiny.candidate, tiny.input_spec, device="sim:a100", repeats=2)
    assert first.values["latency_s"].provenance.value == "simulated"
    assert first.values["latency_s"] != second.values["latency_s"]


def test_an_unknown_simulated_device_is_refused_with_those_that_there_are(tmp_path) -> None:
    for ask in (lambda: protran.profile(None, None, device="sim:xyz"), lambda: _on("sim:xyz", tmp_path)):
        with pytest.raises(InputError, match=r"must be one of sim:rpi4.*got 'sim:xyz'"):
            ask()


def _on(device, runs):
    return protran.start_campaign(**FIELDS, devices=[device], runs=runs)


def test_campaigns_are_listed_oldest_first_and_none_in_an_empty_folder(opened, tmp_path) -> None:
    assert protran.list_campaigns(tmp_path) == []
    for name in ("b", "a"):
        protran.start_campaign(**{**FIELDS, "name": name}, runs=tmp_path)
    assert [status.name for status in protran.list_campaigns(tmp_path)] == ["b", "a"]
    assert protran.list_campaigns(tmp_path)[0].to_json()["trainings"]["pending"] == 0


def test_an_absent_campaign_is_named(tmp_path) -> None:
    with pytest.raises(UnknownCampaignError, match="there is no campaign 'x'"):
        protran.open_campaign("x", runs=tmp_path)


def test_a_configuration_and_its_fields_exclude_each_other(tmp_path) -> None:
    with pytest.raises(InputError, match="got both"):
        protran.start_campaign(config_from_arguments(FIELDS), seed=1, runs=tmp_path)


def test_a_module_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        protran.nothing  # noqa: B018


def test_a_resumed_campaign_says_so(opened, tmp_path, monkeypatch) -> None:
    def interrupted(event) -> None:
        if type(event).__name__ == "ProposalMade" and event.step == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        protran.start_campaign(**FIELDS, runs=tmp_path, observer=interrupted)
    events = []
    protran.start_campaign(**FIELDS, runs=tmp_path, observer=events.append)
    opening = next(event for event in events if isinstance(event, CampaignOpened))
    assert opening.resumed
    assert opening.profiles_done == EFFORT["seed_candidates"]
