import pytest
import torch

from device_agents.runner.torch_runtime import load_subject
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision
from search_spaces.input_spec import InputKind, InputSpec

TINY = Candidate(Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER), (16,)),)))
WINDOWS = InputSpec(InputKind.WINDOWS, length=20, classes=3, channels=2, patch=5)
DECODER = Candidate(Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (16,)),), Family.DECODER))
TEXT = InputSpec(InputKind.TEXT, length=6, classes=50, vocabulary=50)
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


@pytest.mark.parametrize("micro_batches", [1, 2])
def test_a_training_step_of_text_predicts_the_next_tokens(built, monkeypatch, micro_batches):
    seen, original = [], torch.nn.functional.cross_entropy

    def remember(logits, tokens):
        seen.append((logits, tokens))
        return original(logits, tokens)

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", remember)
    workload = Workload(WorkloadKind.TRAINING_STEP, batch_size=4, micro_batches=micro_batches)
    read = []
    subject = load_subject(DECODER, TEXT, workload)
    built[0].register_forward_hook(lambda module, inputs, output: read.append(inputs[0]))
    subject.call()
    assert len(seen) == micro_batches
    for (logits, tokens), inputs in zip(seen, read, strict=True):
        assert logits.shape == (inputs.numel(), TEXT.vocabulary)
        assert torch.equal(tokens.view_as(inputs)[:, :-1], inputs[:, 1:])


@pytest.mark.parametrize(("precision", "numbers"), [(Precision.BF16, torch.bfloat16), (Precision.FP16, torch.float16)])
@pytest.mark.parametrize("input_spec", [WINDOWS, TOKENS])
@pytest.mark.parametrize("kind", list(WorkloadKind))
def test_16_bit_deployments_compute_in_16_bits(built, precision, numbers, input_spec, kind):
    subject = load_subject(Candidate(TINY.architecture, Deployment(precision)), input_spec, Workload(kind))
    outputs = []
    built[0].register_forward_hook(lambda module, inputs, output: outputs.append(output.dtype))
    subject.call()
    assert outputs == [numbers]
    assert {parameter.dtype for parameter in built[0].parameters()} == {numbers}


def test_what_is_timed_lacks_the_heads_and_channels_that_the_deployment_removes(built):
    pruned = Candidate(TINY.architecture, Deployment(layers=(LayerDeployment(0.5, 0.25),)))
    load_subject(pruned, WINDOWS, Workload())
    layer = built[0].layers[0]
    assert layer.attention.output.in_features == 4  # one head of two
    assert layer.feed_forward[0].out_features == 12


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
