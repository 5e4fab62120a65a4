"""Fine-tuned weights on disk, as safetensors."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from protran.studies.errors import StudyError
from search_spaces.candidate import Architecture
from search_spaces.input_spec import InputSpec
from search_spaces.models import EncoderModel
from search_spaces.models.build import build_encoder


def save_model(model: nn.Module, path: Path) -> None:
    """Writes a model's weights, whole or not at all. Raises `StudyError` where they cannot be written."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, partial)
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        raise StudyError(f"cannot write the weights to {path} ({error}); make room and repeat the command") from error
    finally:
        with contextlib.suppress(OSError):  # gone already, or its folder was never there
            partial.unlink()


def load_model(path: Path, architecture: Architecture, input_spec: InputSpec) -> EncoderModel:
    """Returns the model whose weights `save_model` wrote, ready to answer.

    Raises:
        StudyError: there is no such file, or it is of another model.
    """
    with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and replaced
        model = build_encoder(architecture, input_spec, dropout=0.0)
    try:
        model.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise StudyError(
            f"{path}: expected the weights of this study, got: {reason}; begin anew in another folder with --out"
        ) from error
    return model.eval()
