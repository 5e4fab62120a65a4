"""ProTran for users of Optuna: its search as a sampler, its genes as parameters, its campaigns as studies."""

from protran.integration.optuna.genes import suggest_candidate
from protran.integration.optuna.sampler import ProTranSampler

__all__ = ["ProTranSampler", "suggest_candidate"]
