"""Ray's own command line for a node of a fleet, less what a fleet does not want.

Run as ``python -m device_agents.fleet.ray_program start …``. Two things of Ray 2.60 have no setting:

- ``ray start --head`` opens the Ray Client server, through which whoever connects runs programs, wherever the package
  `grpcio` happens to be installed;
- ``ray start --node-ip-address=127.0.0.1`` takes the machine's outward address all the same, and then listens on all
  interfaces. The setting that prevents it (`LOOPBACK_ONLY`) also forbids to join.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

LOOPBACK_ARGUMENT = "--node-ip-address=127.0.0.1"


def main(arguments: Sequence[str]) -> None:
    """Runs the command line of Ray, and leaves as it does."""
    from ray._private import services  # noqa: PLC0415 - reads the environment
    from ray.scripts import scripts  # noqa: PLC0415

    scripts.get_ray_client_dependency_error = lambda: "a fleet has no Ray Client"
    if LOOPBACK_ARGUMENT in arguments:
        services.get_node_ip_address = lambda address=None: "127.0.0.1"
    sys.exit(scripts.main())


if __name__ == "__main__":
    main(sys.argv[1:])
