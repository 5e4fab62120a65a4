"""The ledger: a database of what was asked and answered, which campaigns may share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, ProfileRequest
from protran.errors import UnknownCampaignError
from protran.ledger import device_rows, faults, flat_tables, importing, pending, reading, recording, requests
from protran.ledger.database import Database
from protran.ledger.device_rows import DeviceRow
from protran.ledger.encoding import encode, plain, storable
from protran.ledger.evaluation import Evaluation
from protran.ledger.failures import translated
from protran.ledger.flat_tables import FlatTable
from protran.ledger.lock import CampaignLock
from protran.ledger.place import LedgerPlace, place_of
from protran.ledger.postgres_database import PostgresDatabase
from protran.ledger.records import (
    Asked,
    CampaignRecord,
    CampaignRow,
    DeviceRecord,
    PendingTraining,
    Progress,
    RequestKind,
    StepRecord,
)
from protran.ledger.sqlite_database import SqliteDatabase
from search_spaces.candidate import Candidate


class Ledger:
    """Remembers campaigns, their requests and the answers.

    What a method has returned is on the disk: a killed process loses nothing, nor does a power cut. Any number of
    threads and processes may read and write at once, on several machines where the ledger is on a server; a process
    that forks must open the ledger again in the child. Every method is one short transaction, and each may raise
    `LedgerError` where the database cannot be read or written (full or read-only disk, damaged file, somebody else's
    lock, a server that stays away), of which then nothing is kept. Of a method whose connection was lost while it ended
    nobody knows; all may be called again, and change nothing where they had been kept.
    """

    def __init__(self, database: Database) -> None:
        """Use `Ledger.open`."""
        self._database = database

    @classmethod
    def open(cls, place: LedgerPlace | Path | str, *, create: bool = True, read_only: bool = False) -> Ledger:
        """Returns the ledger at a place; makes it, or brings it up to this version, where allowed.

        Args:
            place: a path, ``sqlite:///PATH``, or ``postgresql+psycopg://USER@HOST/DATABASE``.
            create: make it where there is none: the file and its folder, or the tables of the database.
            read_only: never write; works on a read-only disk too.

        Raises:
            InputError: the place is none, its driver is not installed, or there is no ledger (`NoLedgerError`) and none
                is to be made.
            LedgerError: it is no ledger, is damaged, of a newer version, or its server cannot be used.
        """
        found = place_of(place)
        with translated(str(found)):
            database = _database(found, create=create, read_only=read_only)
            try:
                database.prepare(create=create, read_only=read_only)
            except BaseException:
                database.close()
                raise
        return cls(database)

    @property
    def place(self) -> LedgerPlace:
        """Where it is, and where its campaigns keep their files."""
        return self._database.place

    def close(self) -> None:
        """Closes all connections; may be called twice."""
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Campaigns

    def create_campaign(self, name: str, config: Mapping[str, Any], seed: int, phase: str = "seed") -> CampaignRecord:
        """Records a new campaign and returns it. Raises `InputError` where the name is taken."""
        text = encode(dict(config), "the configuration")
        row = {"name": plain(name, "a campaign's name"), "config": text, "seed": seed, "phase": str.__str__(phase)}
        return self._database.write(recording.create_campaign, row)

    def campaign(self, name: str) -> CampaignRecord:
        """Returns a campaign. Raises `UnknownCampaignError` where there is none of this name."""
        record = self._database.read(reading.campaign_record, name) if storable(name) else None
        if record is not None:
            return record
        known = [item.name for item in self.campaigns()]
        there_are = f"there are {', '.join(known[-10:])}" if known else "there are none yet"
        raise UnknownCampaignError(f"there is no campaign {name!r}; {there_are}")

    def campaigns(self) -> tuple[CampaignRecord, ...]:
        """Returns all campaigns, oldest first."""
        return self._database.read(reading.campaign_records)

    def set_phase(self, campaign_id: int, phase: str) -> None:
        """Records the phase that a campaign is in."""
        self._database.write(recording.set_phase, campaign_id, str.__str__(phase))

    def lock(self, campaign: CampaignRecord) -> CampaignLock:
        """Returns the lock that whoever runs this campaign must hold; not yet taken."""
        return self._database.lock(campaign)

    # Steps

    def record_step(
        self,
        campaign_id: int,
        number: int,
        phase: str,
        proposals: Sequence[Candidate],
        seen: int,
        info: Mapping[str, Any] | None = None,
    ) -> bool:
        """Records what a step proposed from the campaign's first `seen` rows.

        Returns:
            False where the step was recorded before, with the same proposals; it then stays as it is.

        Raises:
            LedgerError: it was recorded with other proposals.
        """
        row = {
            "campaign_id": campaign_id,
            "number": number,
            "phase": str.__str__(phase),
            "proposals": encode([candidate.to_json() for candidate in proposals], "the proposals"),
            "seen": seen,
            "info": encode(dict(info or {}), "the notes of a step"),
        }
        return self._database.write(recording.record_step, row)

    def steps(self, campaign_id: int) -> tuple[StepRecord, ...]:
        """Returns the steps in their order."""
        return self._database.read(reading.step_records, campaign_id)

    # Requests and answers

    def request_profile(self, campaign_id: int, request: ProfileRequest, *, reuse: bool = False) -> Asked:
        """Records that a campaign asks for a measurement; asking again changes nothing.

        Where another campaign used this request id, its answer is taken over if `reuse` is set (and the answer is
        good); otherwise the request gets the next free repeat number. `pending_profiles` holds what to submit.
        """
        question = requests.profile_question(request)
        return self._database.write(requests.ask, campaign_id, question, reuse=reuse)

    def pending_profiles(self, campaign_id: int) -> list[ProfileRequest]:
        """Returns the profile requests without an answer, in the order in which they were asked.

        Those of an older version of the procedure are left out: asked again, they have another id.
        """
        return self._database.read(pending.pending_profiles, campaign_id)

    def rejections(self, campaign_id: int) -> dict[str, str]:
        """Returns request id -> reason of each measurement of a campaign that was rejected."""
        return self._database.read(reading.rejections, campaign_id)

    def answer_profile(self, campaign_id: int, measurement: Measurement) -> bool:
        """Records a measurement as the next row of the campaign.

        Returns:
            False where the request was answered before: this answer is then dropped and the first one stands.

        Raises:
            LedgerError: the campaign never asked this.
        """
        text = encode(measurement.to_json(), "a measurement")
        given = requests.Answer(RequestKind.PROFILE, measurement.request_id, measurement.status.value, text)
        return self._database.write(requests.answer, campaign_id, given)

    def request_training(
        self,
        campaign_id: int,
        training_key: str,
        payload: Mapping[str, Any],
        *,
        candidate: Candidate | None = None,
        reuse: bool = False,
    ) -> Asked:
        """Records that a campaign asks for a training; as `request_profile`.

        Args:
            campaign_id: who asks.
            training_key: identity of the training.
            payload: what the training worker gets.
            candidate: what is trained and scored; by default that of the payload.
            reuse: an answer of another campaign to the same training_key will do.
        """
        if candidate is None:
            parts = ("architecture", "deployment")
            candidate = Candidate.from_json({name: payload[name] for name in parts if name in payload})
        text = encode(dict(payload), "a training request")
        question = requests.training_question(training_key, candidate, text)
        return self._database.write(requests.ask, campaign_id, question, reuse=reuse)

    def pending_trainings(self, campaign_id: int) -> list[PendingTraining]:
        """Returns the training requests without an answer, in the order in which they were asked."""
        return self._database.read(pending.pending_trainings, campaign_id)

    def answer_training(self, campaign_id: int, evaluation: Evaluation) -> bool:
        """Records an evaluation as the next row of the campaign; returns and raises as `answer_profile`."""
        text = encode(evaluation.to_json(), "an evaluation")
        given = requests.Answer(RequestKind.TRAINING, evaluation.training_key, evaluation.status.value, text)
        return self._database.write(requests.answer_training, campaign_id, given)

    def well_answered(self, kind: RequestKind, request_ids: Collection[str]) -> set[str]:
        """Returns those ids of profiles, or keys of trainings, whose answer is good, whoever asked for it."""
        return self._database.read(pending.well_answered, kind, request_ids)

    def rows(self, campaign_id: int, first: int | None = None) -> list[CampaignRow]:
        """Returns the answers in the order in which the campaign saw them; the first so many if `first` is given."""
        return self._database.read(reading.campaign_rows, campaign_id, first)

    def progress(self, campaign_id: int) -> Progress:
        """Returns how many requests of a campaign were asked, answered and failed, and how many were rejected."""
        return self._database.read(reading.progress, campaign_id)

    # Devices

    def put_device(self, info: DeviceInfo, reference: Mapping[str, Any] | None = None) -> None:
        """Records how a device introduces itself, and what its reference model took, where that has changed."""
        self._database.write(recording.put_device, _device_row(info, dict(reference or {})))

    def import_device(
        self, info: DeviceInfo, rows: Sequence[importing.Answered], observer: importing.Observer | None = None
    ) -> bool:
        """Records a device with all its measurements, or nothing.

        Returns:
            False where there is a device of this identity already: then nothing is recorded.
        """
        return self._database.write(recording.import_device, _device_row(info, {}), rows, observer)

    def device(self, identity: str) -> DeviceRecord | None:
        """Returns what a device last said of itself, or None."""
        return self._database.read(reading.device_record, identity) if storable(identity) else None

    def devices(self) -> tuple[DeviceRecord, ...]:
        """Returns what every device last said of itself."""
        return self._database.read(reading.device_records)

    # Measurements that no campaign asked for

    def record_measurement(self, request: ProfileRequest, measurement: Measurement) -> bool:
        """Records a request with its answer; returns False where it had one, which then stands."""
        row = importing.Answered.of(request, measurement)
        return self._database.write(importing.record_answered, [row]) == 1

    def measurement(self, request_id: str) -> Measurement | None:
        """Returns the answer to a request, good or not; None where there is none."""
        return self._database.read(device_rows.measurements, [request_id]).get(request_id)

    def measured_rows(self, most: int, identity: str | None = None) -> dict[str, list[DeviceRow]]:
        """Returns device identity -> good measurements, of all devices or of one.

        Of each at most so many: of more, a random sample that is always the same.
        """
        return self._database.read(device_rows.device_rows, most, identity)

    @contextmanager
    def flat_tables(self) -> Iterator[list[FlatTable]]:
        """Gives all that the ledger holds as flat tables, to be read inside the context; they agree with each other."""
        with translated(str(self.place)), self._database.reading() as connection:
            yield flat_tables.flat_tables(connection)

    def check(self) -> list[str]:
        """Returns what is wrong with the database or with what it holds, one sentence each; nothing for a sound one."""
        return [*self._database.faults(), *self._database.read(faults.faults)]


def _database(place: LedgerPlace, *, create: bool, read_only: bool) -> Database:
    if place.url is not None:
        return PostgresDatabase(place, place.url, read_only=read_only)
    return SqliteDatabase.at(place, place.file or Path(), create=create, read_only=read_only)


def _device_row(info: DeviceInfo, reference: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "identity": plain(info.identity, "a device's identity"),
        "name": plain(info.name, "a device's name"),
        "facts": encode(dict(info.facts), "the facts of a device"),
        "reference": encode(dict(reference), "a reference"),
    }
