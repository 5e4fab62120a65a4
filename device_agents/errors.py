"""Errors of the device_agents package."""

from __future__ import annotations


class DeviceError(RuntimeError):
    """A device, its meter or its runner cannot do what was asked; the message says what to do next."""


class RequestError(ValueError):
    """A profile request is not valid; the message says what was expected and what came."""
