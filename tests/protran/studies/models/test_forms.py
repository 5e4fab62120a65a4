"""The forms of a trained model."""

import numpy as np
import pytest

from protran.errors import InputError
from protran.studies.models.forms import BASELINE, FORMS, FormFiles, find_forms
from protran.studies.models.plan import spec_of
from protran.studies.models.weights_file import save_model
from search_spaces.models.build import build_encoder

SPEC = spec_of(500, 16, 3, multi_label=True)
DOCUMENTS = tuple(np.random.default_rng(row).integers(0, 500, 4 + row) for row in range(6))

pytest.importorskip("onnxruntime", reason="onnxruntime (the extra `onnx`) is not installed")


@pytest.fixture
def files(tmp_path, architecture):
    save_model(build_encoder(architecture, SPEC), tmp_path / "w.safetensors")
    (tmp_path / "forms").mkdir()
    return FormFiles(tmp_path / "w.safetensors", architecture, SPEC, DOCUMENTS, tmp_path / "forms")


def test_every_form_answers_nearly_as_the_trained_model_does(files):
    with files.answering(BASELINE) as answer:
        expected = np.stack([answer(document) for document in DOCUMENTS])
    for form, tolerance in zip(FORMS[1:], (1e-5, 0.1, 0.1), strict=True):
        with files.answering(form) as answer:
            found = np.stack([answer(document) for document in DOCUMENTS])
        assert np.abs(found - expected).max() < tolerance, form.name
    assert np.ptp(expected) > 0.2


def test_sizes_are_those_of_the_files(files):
    sizes = {form.name: files.size_bytes(form) for form in FORMS}
    assert all(files.path(form).stat().st_size == sizes[form.name] for form in FORMS)
    assert sizes["int8-dynamic onnxruntime"] < sizes["fp32 onnxruntime"]


def test_threads_stay_as_they_were(files):
    import torch

    torch.set_num_threads(2)
    try:
        with files.answering(BASELINE):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_forms_are_found_by_name_and_the_baseline_is_always_there():
    found = find_forms(["int8-dynamic-onnxruntime"])
    assert [form.name for form in found] == ["fp32 torch", "int8-dynamic onnxruntime"]
    with pytest.raises(InputError, match=r"expected forms among fp32-torch, .* got 'int4'"):
        find_forms(["int4"])
