"""A warm process that runs each job in a forked child, so that no job can harm its caller or the next job."""

from device_agents.isolation.client import WarmProcess
from device_agents.isolation.failure import FailureKind, JobFailed
from device_agents.isolation.limits import Limits

__all__ = ["FailureKind", "JobFailed", "Limits", "WarmProcess"]
