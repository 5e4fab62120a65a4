"""What the whole suite shares: one Ray, and fakes that every process can import."""

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


def pytest_collection_modifyitems(items):
    """Keeps a file's tests in one process, and all that use Ray or networks in one, so that Ray starts once."""
    for item in items:
        alone = any(item.get_closest_marker(name) for name in ("ray", "network"))
        item.add_marker(pytest.mark.xdist_group("ray" if alone else str(item.path)))


@pytest.fixture(scope="session", autouse=True)
def fakes_for_every_process(tmp_path_factory):
    """Puts the fakes on the path of this process and of all that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FAKES)
        inherited = os.environ.get("PYTHONPATH")
        patch.setenv("PYTHONPATH", FAKES + (os.pathsep + inherited if inherited else ""))
        patch.setenv("PROTRAN_FLEET", str(tmp_path_factory.mktemp("fleet")))  # not that of who runs the tests
        patch.setenv("PROTRAN_TEST_JOURNAL", str(tmp_path_factory.mktemp("journal") / "journal.jsonl"))
        yield


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
