"""A small task whose names are hostile, and what there is to export of a candidate that learned it."""

from __future__ import annotations

from device_agents.measurement import Provenance, Value
from protran.deploy.deployable import Deployable, MeasuringDevice, SearchCost
from protran.front import FrontCandidate
from protran.ledger.evaluation import Evaluation
from protran.training.request import TrainingRequest
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, Precision, Runtime

LENGTH = 24
NAMES = ("slow", "<script>alert(1)</script>", "fast | [x](http://x)\n# \x1b[31m🙂")
ARCHITECTURE = Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER), (8,)),))
PLAIN = Deployment()
INT8 = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
SECONDS = Provenance.MEASURED_COUNTER


def deployable(candidate: Candidate, request: TrainingRequest, evaluation: Evaluation) -> Deployable:
    """Returns what there is to export of a candidate, with invented figures."""
    values = {
        "error": Value(0.2, 0.01, Provenance.SCORED),
        "latency_s@pi<i>": Value(0.0012, 0.00002, SECONDS),
        "energy_j@pi<i>": Value(None, None, Provenance.UNAVAILABLE),
    }
    return Deployable(
        campaign="../../x<script>",
        began_at="2026-11-01T00:00:00+00:00",
        member=FrontCandidate(candidate, values),
        request=request,
        evaluation=evaluation,
        seeds=(1, 2),
        workload="inference on batch 1",
        evaluations={evaluation.training_key: evaluation},
        devices=(MeasuringDevice("pi<i>", "0123456789abcdef", {"processor": "A|B", "cores": 4}),),
        cost=SearchCost((100.0, 120.0), reused=3),
    )
