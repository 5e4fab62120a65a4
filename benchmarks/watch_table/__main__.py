"""A table of real errors and latencies: architectures of edge-small, trained on `watch` and profiled on this machine.

    python -m benchmarks.watch_table [--candidates 150] [--seeds 2] [--repeats 2] [--train-only | --profile-only]
                                     [--jobs 1]
    python -m benchmarks.watch_table table     # joins what there is into FOLDER/watch.csv
    python -m benchmarks.watch_table noise     # how much of it is noise, as Markdown
    python -m benchmarks.watch_table bound     # what a search of it could reach that knew what a model can know

Each takes `--out FOLDER`, where trainings.csv, profiles.csv and conditions.json lie, by default beside this program.
The first n candidates, seeds and repeats of a larger table are those of a smaller one, and what is there is not done
again: ask for more to let the table grow. A run that was killed loses the piece that it was at. Trainings are of the
full fidelity of a campaign, on one thread, `--jobs` of them side by side; each row names the machine that did it.
Profiles want a quiet machine, and `--train-only` leaves them for later, or for another machine.
Set OMP_NUM_THREADS=1 and OMP_WAIT_POLICY=PASSIVE where other work runs.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from benchmarks.watch_table import profiles
from benchmarks.watch_table.conditions import write_conditions
from benchmarks.watch_table.plan import planned
from device_agents.agent import Agent
from device_agents.errors import DeviceError
from protran.errors import ProTranError
from protran.studies.row_log import RowLog
from protran.tasks.watch import WatchTask

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parent / "results"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watch_table", description=__doc__.splitlines()[0])
    parser.add_argument("step", nargs="?", choices=("run", "table", "noise", "bound"), default="run")
    parser.add_argument("--candidates", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=2, help="trainings of each candidate")
    parser.add_argument("--repeats", type=int, default=2, help="profiles of each candidate")
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--results", type=Path, default=RESULTS, help="where `noise` and `bound` write their figures")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--train-only", action="store_true")
    only.add_argument("--profile-only", action="store_true")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs: expected 1 or more, got {options.jobs}")
    try:
        _done(options)
    except (ProTranError, DeviceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _done(options: argparse.Namespace) -> None:
    if options.step == "run":
        if not options.profile_only:
            train(options.out, options.candidates, options.seeds, options.jobs)
        if not options.train_only:
            profile(options.out, options.candidates, options.repeats)
        return
    from benchmarks.watch_table import bound, noise, table  # noqa: PLC0415 - a run of hours needs none of them

    if options.step == "table":
        print(table.write_table(options.out))
    elif options.step == "bound":
        print(bound.write_bound(options.out, options.results))
    else:
        print(noise.write_noise(options.out, options.results))


def train(folder: Path, count: int, seeds: int, jobs: int) -> None:
    """Trains what the folder lacks."""
    from benchmarks.watch_table import trainings  # noqa: PLC0415 - torch, which profiles have in another process

    wanted = trainings.requests(planned(count), seeds)
    with RowLog(trainings.Training, folder / trainings.NAME) as log:
        if trainings.left_of(wanted, log.rows):
            write_conditions(folder, "training", trainings.conditions(next(iter(wanted.values()))))
        trainings.train_all(wanted, log, trainings.one_by_one if jobs == 1 else trainings.side_by_side(jobs))


def profile(folder: Path, count: int, repeats: int) -> None:
    """Profiles what the folder lacks."""
    candidates = planned(count)
    with RowLog(profiles.Profile, folder / profiles.NAME) as log:
        reference = profiles.calibrated(folder)
        profiles.profile_all(
            candidates, WatchTask().input_spec, repeats, log, lambda: Agent(profiles.DEVICE, reference=reference)
        )


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(main())
    raise SystemExit(130)
