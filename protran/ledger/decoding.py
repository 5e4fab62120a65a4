"""From JSON texts to requests and answers; what many rows have in common is decoded once."""

from __future__ import annotations

from typing import Any

from device_agents.measurement import Measurement, ProfileRequest
from device_agents.workload import Workload
from protran.ledger.encoding import decode
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec


class Decoder:
    """Decodes the rows of one query. Candidates are known by their keys, so each is built once for all of its rows."""

    def __init__(self) -> None:
        self._candidates: dict[str, Candidate] = {}
        self._conditions: dict[str, tuple[InputSpec, Workload]] = {}

    def candidate(self, key: str, text: str) -> Candidate:
        """Returns the candidate of this key, from its own JSON text."""
        if key not in self._candidates:
            self._candidates[key] = Candidate.from_json(decode(text, "a candidate"))
        return self._candidates[key]

    def request(self, candidate_key: str, text: str) -> ProfileRequest:
        """Returns a profile request, from its JSON text, about the candidate of this key."""
        payload = decode(text, "a request")
        if candidate_key not in self._candidates:
            self._candidates[candidate_key] = Candidate.from_json(payload["candidate"])
        spec, workload = self._under(payload["input_spec"], payload["workload"])
        return ProfileRequest(
            self._candidates[candidate_key], spec, workload, payload["device_identity"], payload["repeat"]
        )

    def measurement(self, text: str) -> Measurement:
        """Returns a measurement from its JSON text."""
        return Measurement.from_json(decode(text, "a measurement"))

    def _under(self, spec: dict[str, Any], workload: dict[str, Any]) -> tuple[InputSpec, Workload]:
        key = f"{spec}{workload}"
        if key not in self._conditions:
            self._conditions[key] = InputSpec.from_json(spec), Workload.from_json(workload)
        return self._conditions[key]
