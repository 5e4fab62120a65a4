import pytest
import torch

from device_agents.runner.torch_runtime import load_subject
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment
from search_spaces.input_spec import InputKind, InputSpec

TINY = Candidate(Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER), (16,)),)))
WINDOWS = InputSpec(InputKind.WINDOWS, length=20, classes=3, channels=2, patch=5)
TOKENS = InputSpec(InputKind.TOKENS, length=6, classes=3, vocabulary=50)


@pytest.fixture(autouse=True)
def _threads_as_before():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def built(monkeypatch):
    """Collects every model that a subject is built from, with the inputs that it saw."""
    import device_agents.runner.torch_runtime as runtime

    models, original = [], runtime.build_model

    def remember(*args, **kwargs):
        models.append(original(*args, **kwargs))
        return models[-1]

    monkeypatch.setattr(runtime, "build_model", remember)
    return models


@pytest.mark.parametrize("input_spec", [WINDOWS, TOKENS])
@pytest.mark.parametrize("kind", list(WorkloadKind))
def test_every_workload_runs_on_every_kind_of_input(input_spec, kind):
    load_subject(TINY, input_spec, Workload(kind, batch_size=2)).call()


def test_inference_sees_the_whole_batch_and_keeps_no_gradients(built):
    subject = load_subject(TINY, WINDOWS, Workload(batch_size=3))
    seen = []
    built[0].register_forward_hook(lambda module, inputs, output: seen.append((inputs[0].shape, output.requires_grad)))
    subject.call()
    assert seen == [((3, 2, 20), False)]
    assert not built[0].training


def test_a_training_step_moves_the_weights_after_all_micro_batches(built):
    subject = load_subject(TINY, WINDOWS, Workload(WorkloadKind.TRAINING_STEP, batch_size=6, micro_batches=3))
    before = [parameter.detach().clone() for parameter in built[0].parameters()]
    sizes = []
    built[0].register_forward_hook(lambda module, inputs, output: sizes.append(len(inputs[0])))
    subject.call()
    assert sizes == [2, 2, 2]
    assert any(not torch.equal(old, new) for old, new in zip(before, built[0].parameters(), strict=True))


def test_a_training_step_of_several_labels_at_once_runs():
    spec = InputSpec(InputKind.WINDOWS, length=20, classes=3, channels=2, patch=5, multi_label=True)
    load_subject(TINY, spec, Workload(WorkloadKind.TRAINING_STEP, batch_size=2)).call()


def test_the_weights_are_the_same_every_time(built):
    load_subject(TINY, WINDOWS, Workload())
    load_subject(TINY, WINDOWS, Workload())
    first, second = (dict(model.named_parameters()) for model in built)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_threads_come_from_the_deployment():
    two = Candidate(TINY.architecture, Deployment(threads=2))
    subject = load_subject(two, WINDOWS, Workload())
    subject.prepare()
    assert torch.get_num_threads() == 2
    assert subject.parallel
    one = load_subject(TINY, WINDOWS, Workload())
    one.prepare()
    assert torch.get_num_threads() == 1
    assert not one.parallel
