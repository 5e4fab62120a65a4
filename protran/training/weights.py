"""Trained weights on disk: safetensors, with what the inputs must go through."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from protran.errors import InputError
from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from search_spaces.candidate import Architecture
from search_spaces.input_spec import InputSpec
from search_spaces.models import EncoderModel
from search_spaces.models.build import build_encoder

_NORMALISATION = "normalisation"  # where the file's metadata holds it


def save_weights(model: nn.Module, normalisation: Normalisation, path: Path) -> None:
    """Writes a model's weights, whole or not at all, with the normalisation in the file's metadata.

    Raises:
        TrainingError: the file cannot be written.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, partial, metadata={_NORMALISATION: json.dumps(normalisation.to_json())})
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"cannot write the weights to {path} ({error}); choose another folder") from error
    finally:
        with contextlib.suppress(OSError):  # gone already, or its folder was never there
            partial.unlink()


def load_weights(path: Path, architecture: Architecture, input_spec: InputSpec) -> tuple[EncoderModel, Normalisation]:
    """Returns the model whose weights `save_weights` wrote, ready to predict, and what its inputs must go through.

    Args:
        path: the file.
        architecture: what was trained.
        input_spec: what it read and predicted.

    Raises:
        TrainingError: there is no such file, it is not one of `save_weights`, or its weights are of another model.
    """
    with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and replaced
        model = build_encoder(architecture, input_spec, dropout=0.0)
    tensors, normalisation = _read(path)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    for name in sorted(expected.keys() | tensors.keys()):
        found = tuple(tensors[name].shape) if name in tensors else None
        if expected.get(name) != found:
            raise TrainingError(
                f"{path}: expected {name} of shape {expected.get(name, 'none')}, got {found or 'none'}; give the "
                f"architecture and the input spec that were trained"
            )
    model.load_state_dict(tensors)
    return model.eval(), normalisation


def _read(path: Path) -> tuple[dict[str, torch.Tensor], Normalisation]:
    if not path.is_file():
        raise TrainingError(f"expected trained weights at {path}, got no file; train and save them there first")
    try:
        with safe_open(path, framework="pt") as file:
            normalisation = Normalisation.from_json(json.loads(file.metadata()[_NORMALISATION]))
            return {name: file.get_tensor(name) for name in file.keys()}, normalisation  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"expected weights as safetensors in {path}, got {error}; train and save them anew"
        ) from error
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise TrainingError(
            f"expected weights with their normalisation in {path}, got none; give a file that a training saved"
        ) from error
