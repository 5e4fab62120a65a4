"""Members of a finished campaign's front, on an invented device and trainer."""

from __future__ import annotations

from pathlib import Path

import pytest

from protran.campaign.campaign import Campaign
from protran.campaign.charter import read_charter, write_charter
from protran.campaign.problem import Device
from protran.config import config_from_arguments
from protran.errors import InputError
from protran.ledger.ledger import Ledger
from protran.studies.compression.front_members import front_of_campaign, note_front, noted_front
from protran.studies.compression.variant import Variant
from protran.studies.errors import StudyError
from protran.tasks.watch import WatchTask
from protran.training.recipe import Recipe

EFFORT = {
    "seed_candidates": 4,
    "learn_profiles": 0,
    "search_rounds": 1,
    "search_batch": 2,
    "verify_limit": 3,
    "verify_seeds": 2,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished campaign, `done`, and one that has only begun, `begun`."""
    from invented_dispatcher import IDENTITY, InventedDispatcher

    folder = tmp_path_factory.mktemp("runs")
    given = {"space": "edge-small", "task": "watch", "effort": EFFORT, "proposer": "random"}
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        for name in ("done", "begun"):
            charter = write_charter(config_from_arguments({"name": name, **given}), [Device("local", IDENTITY)])
            record = ledger.create_campaign(name, charter, 0)
            if name == "done":
                Campaign(read_charter(record.config), record, ledger, InventedDispatcher(), lambda event: None).run()
    return folder


def test_members_become_models_in_the_deployment_that_they_were_found_in(runs: Path) -> None:
    front = front_of_campaign("done", runs, WatchTask().reference())
    models = front.models()
    assert [model.key for model in models] == [f"front-{n}" for n in range(1, len(front.members) + 1)]
    assert all(model.variants == (Variant.FOUND,) and model.on_front for model in models)
    assert [model.deployment for model in models] == [member.deployment for member in front.members]
    assert (front.recipe, front.fidelity.refit) == (Recipe(), False)


def test_a_noted_front_is_read_as_it_was(runs: Path, tmp_path: Path) -> None:
    assert noted_front(tmp_path) is None
    front = front_of_campaign("done", runs, WatchTask().reference())
    note_front(front, tmp_path)
    assert noted_front(tmp_path) == front


def test_a_campaign_that_is_not_finished_is_refused(runs: Path) -> None:
    with pytest.raises(InputError, match="'begun' is not finished; give `protran search --name begun` again first"):
        front_of_campaign("begun", runs, WatchTask().reference())


def test_a_campaign_of_another_task_is_refused(runs: Path) -> None:
    with pytest.raises(InputError, match="name a campaign of the same task"):
        front_of_campaign("done", runs, {"source": "waves.npz", "options": {}, "version": "1"})


def test_a_folder_without_campaigns_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no ledger.* say where it is with --runs"):
        front_of_campaign("done", tmp_path, WatchTask().reference())


def test_a_damaged_note_is_refused(tmp_path: Path) -> None:
    (tmp_path / "front.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StudyError, match="name another folder"):
        noted_front(tmp_path)
