"""The forms of a trained model: its precision and its runtime, as a file and as something that answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from device_agents.runner.onnx_runtime import open_session
from protran.errors import InputError
from protran.studies.models.vocabulary import Tokens
from protran.studies.models.weights_file import load_model
from search_spaces.candidate import Architecture
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.input_spec import InputSpec
from search_spaces.models.onnx import INPUTS, LOGITS, MASK, export_onnx
from search_spaces.models.quantize import quantise

Answerer: TypeAlias = Callable[[Tokens], npt.NDArray[np.float32]]
"""Ids of one document -> its logits."""

CALIBRATION_DOCUMENTS = 64


@dataclass(frozen=True)
class Form:
    """How a trained model is made to run, on one thread."""

    precision: Precision
    runtime: Runtime

    @property
    def name(self) -> str:
        """For people and for rows, for example `int8-dynamic onnxruntime`."""
        return f"{self.precision.value} {self.runtime.value}"

    @property
    def deployment(self) -> Deployment:
        """The same for whoever measures it."""
        return Deployment(self.precision, self.runtime)


FORMS = (
    Form(Precision.FP32, Runtime.TORCH),
    Form(Precision.FP32, Runtime.ONNXRUNTIME),
    Form(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME),
    Form(Precision.INT8_STATIC, Runtime.ONNXRUNTIME),
)
BASELINE = FORMS[0]


def find_forms(names: Sequence[str]) -> tuple[Form, ...]:
    """Returns forms by names such as `fp32-torch` or `int8-dynamic-onnxruntime`; the fp32 torch form is always first.

    Raises:
        InputError: a name is unknown.
    """
    known = {form.name.replace(" ", "-"): form for form in FORMS}
    for name in names:
        if name not in known:
            raise InputError(f"expected forms among {', '.join(known)}, got {name!r}; name one of them")
    return (BASELINE, *(form for name, form in known.items() if name in names and form is not BASELINE))


class FormFiles:
    """Makes the files of one trained model's forms as they are asked for.

    Args:
        weights: the trained weights, which are the file of the fp32 torch form.
        architecture: of the model.
        input_spec: what it reads.
        calibration: ids of training documents, for int8-static.
        folder: where the others are written.
    """

    def __init__(
        self,
        weights: Path,
        architecture: Architecture,
        input_spec: InputSpec,
        calibration: Sequence[Tokens],
        folder: Path,
    ) -> None:
        self._weights, self._architecture, self._input_spec = weights, architecture, input_spec
        self._calibration, self._folder = calibration, folder

    def path(self, form: Form) -> Path:
        """Returns the file of a form. Raises `SpaceError` or `StudyError` where it cannot be made."""
        if form.runtime is Runtime.TORCH:
            return self._weights
        exported = self._folder / "fp32.onnx"
        if not exported.is_file():
            model = load_model(self._weights, self._architecture, self._input_spec)
            export_onnx(model, exported, architecture=self._architecture)
        if not form.precision.is_int8:
            return exported
        path = self._folder / f"{form.precision.value}.onnx"
        if not path.is_file():
            static = form.precision is Precision.INT8_STATIC
            batches = [document[None] for document in self._calibration] if static else []
            quantise(exported, path, precision=form.precision, calibration=batches)
        return path

    @contextmanager
    def answering(self, form: Form, made: Path | None = None) -> Iterator[Answerer]:
        """Gives what answers as the form does: one document at a time, without padding, on one thread.

        A batch would mix documents in the ranges that int8-dynamic measures at each call.

        Args:
            form: which one.
            made: its file, if it was made elsewhere.
        """
        path = made or self.path(form)
        if form.runtime is Runtime.TORCH:
            threads = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                yield _torch_answerer(path, self._architecture, self._input_spec)
            finally:
                torch.set_num_threads(threads)
        else:
            yield _onnx_answerer(path)

    def size_bytes(self, form: Form) -> int:
        """Returns the size of a form's file."""
        return os.path.getsize(self.path(form))


def _torch_answerer(path: Path, architecture: Architecture, input_spec: InputSpec) -> Answerer:
    model = load_model(path, architecture, input_spec)

    @torch.inference_mode()
    def answer(document: Tokens) -> npt.NDArray[np.float32]:
        ids = torch.from_numpy(document)[None]
        found: npt.NDArray[np.float32] = model(ids, torch.ones_like(ids, dtype=torch.bool))[0].numpy()
        return found

    return answer


def _onnx_answerer(path: Path) -> Answerer:
    session = open_session(path.read_bytes(), threads=1)

    def answer(document: Tokens) -> npt.NDArray[np.float32]:
        feeds = {INPUTS: document[None], MASK: np.ones((1, len(document)), dtype=np.bool_)}
        found: npt.NDArray[np.float32] = session.run([LOGITS], feeds)[0][0]
        return found

    return answer
