"""The columns of the study's table."""

from __future__ import annotations

from collections.abc import Sequence

from device_agents.measurement import Provenance
from protran.studies.compression.figures import Carbon, Entry
from protran.studies.table import StudyColumn
from protran.units import Unit

_SCORED, _EXACT, _MEASURED = Provenance.SCORED.value, Provenance.EXACT.value, Provenance.MEASURED_COUNTER.value
_ALWAYS = (
    StudyColumn("accuracy", "accuracy (test)", Unit.FRACTION, _SCORED),
    StudyColumn("macro_f1", "macro-F1 (test)", Unit.FRACTION, _SCORED),
    StudyColumn("validation_accuracy", "accuracy (validation)", Unit.FRACTION, _SCORED),
    StudyColumn("validation_macro_f1", "macro-F1 (validation)", Unit.FRACTION, _SCORED),
    StudyColumn("train_s_per_epoch", "training per epoch", Unit.SECOND, _MEASURED),
    StudyColumn("train_core_s_per_epoch", "training per epoch, processor time", Unit.SECOND, _MEASURED),
    StudyColumn("tuning_s", "fine-tuning", Unit.SECOND, _MEASURED),
    StudyColumn("latency_s", "latency per window (paired)", Unit.SECOND, _MEASURED),
    StudyColumn("loop_s", "wall time per window (plain loop: the study's proxy of energy)", Unit.SECOND, _MEASURED),
    StudyColumn("file_bytes", "size on disk", Unit.BYTE, _EXACT),
    StudyColumn("memory_bytes", "memory of inference", Unit.BYTE, _EXACT),
    StudyColumn("memory_estimate_bytes", "memory of inference in onnxruntime", Unit.BYTE, "estimated-generic"),
    StudyColumn("parameters", "parameters that are not zero", Unit.COUNT, _EXACT),
)
_ENDS = (("low", "at least"), ("high", "at most"))


def columns(entries: Sequence[Entry], carbon: Carbon) -> tuple[StudyColumn, ...]:
    """Returns the columns: those of energy and CO2e say where they come from, unavailable ones too."""
    found = list(_ALWAYS)
    measured = next((entry.energy_provenance for entry in entries if entry.energy_provenance), "")
    of_energy = measured or Provenance.UNAVAILABLE.value
    found.append(StudyColumn("energy_j", "energy per window", Unit.JOULE, of_energy))
    if carbon.grid is not None:
        found.append(StudyColumn("co2e_g", "CO2e per window", Unit.GRAM, of_energy))
    if not carbon.estimate:
        return tuple(found)
    provenance = Provenance.ESTIMATED_GENERIC if carbon.calibration is None else Provenance.ESTIMATED_CALIBRATED
    kinds = [("energy", "j", Unit.JOULE, "energy")]
    if carbon.grid is not None:
        kinds.append(("co2e", "g", Unit.GRAM, "CO2e"))
    for prefix, what in (("", "per window"), ("training_", "of training")):
        found += [
            StudyColumn(f"{prefix}{name}_{end}_{letter}", f"{label} {what}, {words}", unit, provenance.value)
            for name, letter, unit, label in kinds
            for end, words in _ENDS
        ]
    return tuple(found)
