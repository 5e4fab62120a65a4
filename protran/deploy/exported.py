"""What an export made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protran.deploy.deployable import Deployable
from protran.deploy.format import Format
from protran.deploy.verification import Verification
from protran.training.normalisation import Normalisation
from search_spaces.candidate import Candidate


@dataclass(frozen=True)
class Exported:
    """A model in a folder, and the score that it was found to have.

    Attributes:
        folder: where it lies.
        form: its format.
        deployable: what was exported.
        candidate: as the file runs; its key differs from the front's where the runtime or the precision does.
        normalisation: what the inputs go through.
        kept: the weights were kept by the campaign; otherwise they were trained again.
        verification: what the folder's own script scored.
        files: names of its files.
    """

    folder: Path
    form: Format
    deployable: Deployable
    candidate: Candidate
    normalisation: Normalisation
    kept: bool
    verification: Verification
    files: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return {
            "campaign": self.deployable.campaign,
            "folder": str(self.folder),
            "format": self.form.value,
            "files": list(self.files),
            "candidate_key": self.deployable.member.candidate.key,
            "exported_key": self.candidate.key,
            "training_key": self.deployable.request.training_key,
            "seed": self.deployable.request.seed,
            "weights": "kept" if self.kept else "trained again",
            "test": self.verification.to_json(),
        }
