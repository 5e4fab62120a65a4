"""Reads a folder that was exported in the format torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from protran.errors import InputError
from protran.training.normalisation import Normalisation
from protran.training.predictor import Predictor, torch_predictor
from protran.training.weights import load_weights
from search_spaces.candidate import Candidate
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputSpec
from search_spaces.models import EncoderModel
from search_spaces.pruning import deployed_architecture

CANDIDATE, WEIGHTS = "candidate.json", "model.safetensors"


@dataclass(frozen=True)
class ExportedModel:
    """A trained model that answers windows as they were recorded.

    Attributes:
        model: the module, in fp32, ready to predict.
        candidate: its genes and its deployment.
        input_spec: what it reads.
        normalisation: what `logits` does to its inputs.
        predict: answers normalised windows in the candidate's precision.
    """

    model: EncoderModel
    candidate: Candidate
    input_spec: InputSpec
    normalisation: Normalisation
    predict: Predictor

    def logits(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Returns logits `n x classes` of recorded windows `n x channels x length`.

        Raises:
            InputError: the windows are of another shape.
        """
        shape = (self.input_spec.channels, self.input_spec.length)
        if windows.ndim != 3 or windows.shape[1:] != shape:
            raise InputError(f"expected windows n x {shape[0]} x {shape[1]}, got {windows.shape}")
        normalised = self.normalisation.apply(windows.astype(np.float32))
        return np.asarray(self.predict(torch.from_numpy(normalised)).numpy(), dtype=np.float32)


def load_exported(folder: Path | str) -> ExportedModel:
    """Returns the model of a folder that was exported with ``--format torch``; no code of the folder is run.

    Raises:
        InputError: the folder holds no such export.
        TrainingError: its weights are not those of its candidate.
    """
    folder = Path(folder)
    try:
        payload: Any = json.loads((folder / CANDIDATE).read_text(encoding="utf-8"))
        spec = InputSpec.from_json(payload["input_spec"])
        candidate = Candidate.from_json({name: payload[name] for name in payload if name != "input_spec"})
    except (OSError, KeyError, TypeError, ValueError, SpaceError) as error:
        raise InputError(f"expected a model exported with --format torch in {folder}, got: {error}") from error
    model, normalisation = load_weights(folder / WEIGHTS, deployed_architecture(candidate), spec)
    predict = torch_predictor(model, candidate.deployment.precision)
    return ExportedModel(model, candidate, spec, normalisation, predict)
