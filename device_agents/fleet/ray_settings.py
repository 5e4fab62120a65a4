"""Ray's settings, which it reads from the environment of whoever starts or joins it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from device_agents.fleet.tls import TlsFiles

OBJECT_STORE_BYTES = 80_000_000
"""Ray's least is 78.6 MB. Jobs and results are a few kilobytes of JSON."""

HEALTH = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 2000,
    "health_check_timeout_ms": 2000,
    "health_check_failure_threshold": 5,
}
"""A link that is cut for 10 s is survived, and a device that went away is known to be lost within 20 s; by Ray's
defaults after more than a minute. With a threshold of 3 a cut of 10 s lies on the edge: it was seen to be fatal."""

LOOPBACK_ONLY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""What makes Ray take 127.0.0.1 as its address and bind to the loopback only: it replaces an explicit loopback address
by the machine's outward one, except on systems where this variable is 0 by default. With it no node can be joined; see
`device_agents.fleet.ray_program`."""

_SECRETS = "RAY_AUTH_"


def ray_environment(token: Path, tls: TlsFiles | None = None) -> dict[str, str]:
    """Returns the environment for a part of Ray that proves itself with the token in a file."""
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # the default of 15 spoils every timing
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # agents see the accelerators that the user sees
        "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",  # it answers SIGTERM with a crash dump, also outside the main thread
        # Nobody looks at Ray's records of tasks, and an actor that lives for months keeps growing with them: by 1.3 kB
        # a call (mean of calls 500 to 3,000), and by 0.2 kB without.
        "RAY_task_events_report_interval_ms": "0",
        "RAY_grpc_client_keepalive_time_ms": "5000",
        "RAY_grpc_client_keepalive_timeout_ms": "5000",
        **(tls.ray_environment() if tls is not None else {}),
    }


def controller_environment(token: Path, store: Path, tls: TlsFiles | None = None) -> dict[str, str]:
    """Returns the environment of a fleet's own state service: patient with nobody, and kept in a folder."""
    health = {f"RAY_{name}": str(value) for name, value in HEALTH.items()}
    kept = {"RAY_gcs_storage": "rocksdb", "RAY_gcs_storage_path": str(store)}
    return {**ray_environment(token, tls), **health, **kept}


def device_environment(token: Path, tls: TlsFiles | None = None) -> dict[str, str]:
    """Returns the environment of a device's node: it may differ from the controller in Python's patch level."""
    return {**ray_environment(token, tls), "RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL": "minor"}


@contextlib.contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Sets variables of this process as long as the context lasts."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def without_secrets(environment: dict[str, str]) -> dict[str, str]:
    """Returns an environment less whatever opens the fleet."""
    return {name: value for name, value in environment.items() if not name.startswith(_SECRETS)}
