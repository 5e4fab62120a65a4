"""What the whole suite shares: one Ray, and fakes that every process can import."""

import functools
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import pytest

FAKES = str(Path(__file__).parent / "fakes")

RAY_ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # bind to the loopback only
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


LANES = {"networks": ("mark.network",), "ray": ("mark.ray", "suite_ray")}
"""What keeps a file's tests in one process with those of others, one after another, and what marks such a file."""


@functools.cache
def lane_of(path):
    """Returns the lane of a file's tests; by itself, where they wait for nobody else's."""
    text = (Path(__file__).parent.parent / path).read_text(encoding="utf-8")
    return next((lane for lane, marks in LANES.items() if any(mark in text for mark in marks)), path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One more process than there are cores: those with Ray and networks wait most of the time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keeps a file's tests in one process, and those of a lane, so that Ray starts once. Lanes go first."""
    from xdist.scheduler import LoadFileScheduling

    class LanesFirst(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return lane_of(nodeid.partition("::")[0])

        def _assign_work_unit(self, node):
            for lane in filter(self.workqueue.__contains__, LANES):
                self.workqueue.move_to_end(lane, last=False)
            super()._assign_work_unit(node)

    return LanesFirst(config, log)


@pytest.fixture(scope="session", autouse=True)
def fakes_for_every_process(tmp_path_factory):
    """Puts the fakes on the path of this process and of all that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FAKES)
        inherited = os.environ.get("PYTHONPATH")
        patch.setenv("PYTHONPATH", FAKES + (os.pathsep + inherited if inherited else ""))
        patch.setenv("PROTRAN_FLEET", str(tmp_path_factory.mktemp("fleet")))  # not that of who runs the tests
        patch.delenv("PROTRAN_LEDGER", raising=False)
        patch.setenv("PROTRAN_TEST_JOURNAL", str(tmp_path_factory.mktemp("journal") / "journal.jsonl"))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread_per_process():
    """Keeps torch to one thread here: processes that run tests side by side would take each other's cores."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def suite_ray(fakes_for_every_process):
    """The one Ray of the suite, with the devices `local` and `second`; one dispatcher at a time may borrow each."""
    folder = tempfile.mkdtemp(prefix="ptr-", dir="/tmp")  # short: a socket's path may have 107 bytes
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in {**RAY_ENVIRONMENT, "RAY_TMPDIR": folder}.items():
            patch.setenv(name, value)
        import ray

        ray.init(
            address="local",
            num_cpus=1,
            resources={"device:local": 1, "device:second": 1},
            include_dashboard=False,
            object_store_memory=80_000_000,
            log_to_driver=False,
            logging_level="ERROR",
        )
        yield ray
        ray.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(fakes_for_every_process):
    """A PostgreSQL server of this process's own, started where a test asks for it."""
    import postgres_server as postgres

    reason = postgres.why_none()
    if reason is not None:
        pytest.skip(reason)
    server = postgres.PostgresServer()
    try:
        server.make()
        yield server
    finally:
        server.close()
