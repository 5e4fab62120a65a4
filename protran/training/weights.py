"""Trained weights on disk: safetensors, with what the inputs must go through."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation


def save_weights(model: nn.Module, normalisation: Normalisation, path: Path) -> None:
    """Writes a model's weights, whole or not at all, with the normalisation in the file's metadata.

    Raises:
        TrainingError: the file cannot be written.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, partial, metadata={"normalisation": json.dumps(normalisation.to_json())})
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"cannot write the weights to {path} ({error}); choose another folder") from error
    finally:
        with contextlib.suppress(OSError):  # gone already, or its folder was never there
            partial.unlink()
