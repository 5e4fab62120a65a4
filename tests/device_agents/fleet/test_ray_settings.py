"""What Ray reads from the environment."""

import os
from pathlib import Path

from device_agents.fleet.ray_settings import (
    controller_environment,
    device_environment,
    environment,
    ray_environment,
    without_secrets,
)


def test_the_environment_is_as_before_afterwards(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "of the user")
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    with environment({"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}):
        assert os.environ["RAY_AUTH_MODE"] == "token"
    assert os.environ["RAY_AUTH_MODE"] == "of the user"
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ


def test_everybody_proves_itself_with_a_token_and_runs_at_its_own_priority():
    for settings in (
        ray_environment(Path("/t")),
        controller_environment(Path("/t"), Path("/s")),
        device_environment(Path("/t")),
    ):
        assert settings["RAY_AUTH_MODE"] == "token"
        assert settings["RAY_AUTH_TOKEN_PATH"] == "/t"
        assert settings["RAY_worker_niceness"] == "0"


def test_only_the_controller_keeps_state_and_only_a_device_forgives_a_patch_level():
    controller, device = controller_environment(Path("/t"), Path("/s")), device_environment(Path("/t"))
    assert controller["RAY_gcs_storage_path"] == "/s"
    assert "RAY_gcs_storage_path" not in device
    assert device["RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL"] == "minor"
    assert "RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL" not in controller


def test_whatever_opens_the_fleet_stays_behind():
    assert without_secrets({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": "/t", "HOME": "/h"}) == {"HOME": "/h"}
