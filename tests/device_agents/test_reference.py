import json

from device_agents.reference import ReferenceLatency, reference_model
from search_spaces.cost import count_candidate


def test_the_reference_model_does_not_change():
    candidate, input_spec = reference_model()
    assert len(candidate.architecture.layers) == 3
    assert input_spec.sequence_length == 64
    # Every stored ratio is relative to this model: a change needs a new PROCEDURE_VERSION.
    assert (candidate.key, input_spec.key) == ("8d44f4beae3283ac91c3", "e714c031e49dfa911e7a")


def test_the_reference_model_has_one_thread():
    assert reference_model()[0].deployment.threads == 1


def test_the_reference_model_is_small_enough_for_every_device():
    assert count_candidate(*reference_model()).weight_bytes < 1_000_000


def test_a_reference_latency_survives_json():
    latency = ReferenceLatency(0.0012, 1e-6, 0.9, contended=False)
    assert ReferenceLatency.from_json(json.loads(json.dumps(latency.to_json()))) == latency
