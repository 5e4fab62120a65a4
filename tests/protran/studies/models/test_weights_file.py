"""Weights on disk."""

import pytest

from protran.studies.errors import StudyError
from protran.studies.models.plan import spec_of
from protran.studies.models.weights_file import load_model, save_model
from search_spaces.models.build import build_encoder

SPEC = spec_of(20, 8, 3, multi_label=True)


def test_weights_come_back_as_they_were(tmp_path, architecture):
    model = build_encoder(architecture, SPEC)
    save_model(model, tmp_path / "new" / "w.safetensors")
    again = load_model(tmp_path / "new" / "w.safetensors", architecture, SPEC)
    assert all((a == b).all() for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert not again.training
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("content", [None, b"", b"damaged" * 9])
def test_missing_or_damaged_weights_are_told(tmp_path, architecture, content):
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudyError, match="expected the weights of this study"):
        load_model(path, architecture, SPEC)


def test_weights_of_another_model_are_told(tmp_path, architecture):
    save_model(build_encoder(architecture, spec_of(21, 8, 3, multi_label=True)), tmp_path / "w")
    with pytest.raises(StudyError, match="expected the weights of this study"):
        load_model(tmp_path / "w", architecture, SPEC)


def test_a_folder_that_cannot_be_written_is_told(tmp_path, architecture):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot write the weights"):
        save_model(build_encoder(architecture, SPEC), tmp_path / "file" / "w")
