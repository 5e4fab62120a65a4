import pytest
import torch
from safetensors.torch import save_file

from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.weights import load_weights, save_weights
from search_spaces.candidate import Architecture, HeadKind, Layer
from search_spaces.models import build_model

NORMALISATION = Normalisation((0.5, 0.0, -1.0), (1.0, 2.0, 1.0))


@pytest.fixture
def saved(waves, small, tmp_path):
    """The path of a model's weights, and the model."""
    torch.manual_seed(4)
    model = build_model(small, waves.input_spec)
    save_weights(model, NORMALISATION, tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors", model


def test_what_was_saved_is_loaded_exactly(saved, waves, small):
    path, model = saved
    loaded, normalisation = load_weights(path, small, waves.input_spec)
    assert normalisation == NORMALISATION
    assert not loaded.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_loading_leaves_the_random_state_alone(saved, waves, small):
    state = torch.get_rng_state()
    load_weights(saved[0], small, waves.input_spec)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_missing_file_is_one_sentence(waves, small, tmp_path):
    with pytest.raises(TrainingError, match=r"expected trained weights at .*, got no file; train and save"):
        load_weights(tmp_path / "absent.safetensors", small, waves.input_spec)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a pickle", b"\xff" * 64])
def test_a_file_that_is_no_safetensors_is_one_sentence(waves, small, tmp_path, content):
    (tmp_path / "foreign").write_bytes(content)
    with pytest.raises(TrainingError, match=r"expected weights as safetensors in .*foreign"):
        load_weights(tmp_path / "foreign", small, waves.input_spec)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"normalisation": "[]"}, {"normalisation": "{"}])
def test_weights_without_their_normalisation_are_one_sentence(waves, small, tmp_path, metadata):
    save_file({"weight": torch.zeros(2)}, tmp_path / "foreign", metadata=metadata)
    with pytest.raises(TrainingError, match="expected weights with their normalisation"):
        load_weights(tmp_path / "foreign", small, waves.input_spec)


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (24,)), r"of shape \(24,\), got \(16,\)"),
        (Layer(8, (HeadKind.CONVOLUTION_5,), (16,)), "got none; give the architecture"),
        (Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (16, 16)), "give the architecture and the input spec"),
    ],
)
def test_weights_of_another_architecture_are_one_sentence(saved, waves, other, sentence):
    with pytest.raises(TrainingError, match=sentence):
        load_weights(saved[0], Architecture((other,)), waves.input_spec)
