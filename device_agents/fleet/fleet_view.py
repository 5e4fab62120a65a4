"""Which devices' nodes are alive, as Ray sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from device_agents.fleet.device_actor import device_resource

REFRESH_S = 0.5


class FleetView:
    """Asks Ray for its nodes, at most twice a second.

    Args:
        ray: the Ray module, connected.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._nodes: Sequence[Mapping[str, Any]] = ()
        self._asked_s = float("-inf")

    def alive(self) -> dict[str, str]:
        """Returns the devices whose node is alive, by name, with the node's id: a device that rejoins has a new one."""
        prefix = device_resource("")
        return {
            name.removeprefix(prefix): str(node["NodeID"])
            for node in self._fresh()
            if node["Alive"]
            for name in node["Resources"]
            if name.startswith(prefix)
        }

    def end(self, node_id: str) -> str:
        """Returns why a node died, in Ray's words; nothing if it did not."""
        ends = [node for node in self._fresh() if not node["Alive"] and node["NodeID"] == node_id]
        return str(ends[0]["DeathReasonMessage"]) if ends else ""

    def _fresh(self) -> Sequence[Mapping[str, Any]]:
        now_s = time.monotonic()
        if now_s - self._asked_s > REFRESH_S:
            self._nodes, self._asked_s = self._ray.nodes(), now_s
        return self._nodes
