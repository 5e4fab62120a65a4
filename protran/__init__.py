"""ProTran: hardware-aware architecture search for transformers.

Give it a task, a design space, the devices you own and your budgets; it returns the Pareto-optimal transformers for
each device, measured, with error bars. The names below are loaded when they are first used: importing this package
loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protran.api import list_campaigns, open_campaign, profile, start_campaign

__version__ = "0.1.0"
__all__ = ["list_campaigns", "open_campaign", "profile", "start_campaign"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'protran' has no attribute {name!r}")
    from protran import api  # noqa: PLC0415 - the first use pays for torch, an import does not

    return getattr(api, name)
