from __future__ import annotations

import pytest

from protran.cli.deployment_options import deployed
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.errors import SpaceError

LAYERS = (Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (16,)),)
OWN = Deployment(Precision.BF16, Runtime.TORCH, 2, (LayerDeployment(feed_forward_sparsity=0.5),))
CANDIDATE = Candidate(Architecture(LAYERS), OWN)


def test_without_options_a_candidate_stays_as_it_is() -> None:
    assert deployed(CANDIDATE, None, None, None) == CANDIDATE


def test_an_option_changes_its_own_part_alone() -> None:
    int8 = deployed(CANDIDATE, "int8-static", "onnxruntime", None).deployment
    assert int8 == Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME, 2, OWN.layers)
    assert deployed(CANDIDATE, None, None, 4).deployment == Deployment(OWN.precision, OWN.runtime, 4, OWN.layers)


def test_a_runtime_that_does_not_run_the_precision_is_refused() -> None:
    with pytest.raises(SpaceError, match="set runtime to torch"):
        deployed(CANDIDATE, None, "onnxruntime", None)
