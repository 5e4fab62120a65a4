"""The ledger: a database of what was asked and answered, which campaigns may share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, ProfileRequest
from protran.errors import InputError, LedgerError, UnknownCampaignError
from protran.ledger import device_rows, importing, pending, reading, requests, schema
from protran.ledger.device_rows import DeviceRow
from protran.ledger.encoding import decode, encode, utc_now
from protran.ledger.engine import check_readable, path_of, sqlite_engine, use_write_ahead_log
from protran.ledger.engine import reading as reading_transaction
from protran.ledger.engine import writing as writing_transaction
from protran.ledger.evaluation import Evaluation
from protran.ledger.failures import translated
from protran.ledger.lock import CampaignLock
from protran.ledger.migrations import SCHEMA_VERSION, bring_up, check_version, stored_version
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
from search_spaces.candidate import Candidate


class Ledger:
    """Remembers campaigns, their requests and the answers.

    What a method has returned is on the disk: a killed process loses nothing, nor does a power cut. Any number of
    threads and processes may read and write at once; a process that forks must open the ledger again in the child.
    Every method is one short transaction, and each may raise `LedgerError` where the database cannot be read or
    written (full or read-only disk, damaged file, somebody else's lock), of which then nothing is kept.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        """Use `Ledger.open`."""
        self._path = path
        self._engine = engine

    @classmethod
    def open(cls, place: Path | str, *, create: bool = True, read_only: bool = False) -> Ledger:
        """Returns the ledger in a file; makes it, or brings it up to this version, where allowed.

        Args:
            place: a path, or ``sqlite:///PATH``.
            create: make the file, and its folder, where there is none.
            read_only: never write; works on a read-only disk too.

        Raises:
            InputError: there is no such file and none is to be made.
            LedgerError: it is no ledger, is damaged, or of a newer version.
        """
        path = path_of(place)
        if not path.is_file() and (read_only or not create):
            raise InputError(f"there is no ledger at {path}; `protran search` makes one")
        if read_only:
            check_readable(path)
        else:
            _make_folder(path.parent)
        with translated(str(path)):
            engine = sqlite_engine(path, read_only=read_only)
            try:
                _prepare(engine, str(path), read_only=read_only)
            except BaseException:
                engine.dispose()
                raise
        return cls(path, engine)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def close(self) -> None:
        """Closes all connections; may be called twice."""
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Campaigns

    def create_campaign(self, name: str, config: Mapping[str, Any], seed: int, phase: str = "seed") -> CampaignRecord:
        """Records a new campaign and returns it. Raises `InputError` where the name is taken."""
        text, now = encode(dict(config), "the configuration"), utc_now()
        with self._writing() as connection:
            if reading.campaign_record(connection, name) is not None:
                raise InputError(f"there is a campaign {name!r} already; resume it or choose another name")
            row = {"name": name, "config": text, "seed": seed, "phase": str.__str__(phase)}
            made = insert(schema.campaigns).values(**row, created_at=now, updated_at=now)
            number = connection.execute(made.returning(schema.campaigns.c.id)).scalar_one()
        return CampaignRecord(
            number, name, decode(text, "the configuration"), seed, str.__str__(phase), created_at=now, updated_at=now
        )

    def campaign(self, name: str) -> CampaignRecord:
        """Returns a campaign. Raises `UnknownCampaignError` where there is none of this name."""
        with self._reading() as connection:
            record = reading.campaign_record(connection, name)
            if record is not None:
                return record
            known = [item.name for item in reading.campaign_records(connection)]
        there_are = f"there are {', '.join(known[-10:])}" if known else "there are none yet"
        raise UnknownCampaignError(f"there is no campaign {name!r}; {there_are}")

    def campaigns(self) -> tuple[CampaignRecord, ...]:
        """Returns all campaigns, oldest first."""
        with self._reading() as connection:
            return reading.campaign_records(connection)

    def set_phase(self, campaign_id: int, phase: str) -> None:
        """Records the phase that a campaign is in."""
        table = schema.campaigns
        with self._writing() as connection:
            values = {"phase": str.__str__(phase), "updated_at": utc_now()}
            connection.execute(update(table).where(table.c.id == campaign_id).values(values))

    def lock(self, campaign: CampaignRecord) -> CampaignLock:
        """Returns the lock that whoever runs this campaign must hold; not yet taken."""
        return CampaignLock(self._path.with_name(f"{self._path.name}.campaign-{campaign.id}.lock"), campaign.name)

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
        text = encode([candidate.to_json() for candidate in proposals], "the proposals")
        notes = encode(dict(info or {}), "the notes of a step")
        table = schema.steps
        with self._writing() as connection:
            here = (table.c.campaign_id == campaign_id) & (table.c.number == number)
            known = connection.scalar(select(table.c.proposals).where(here))
            if known is None:
                row = {"campaign_id": campaign_id, "number": number, "phase": str.__str__(phase), "seen": seen}
                connection.execute(insert(table).values(**row, proposals=text, info=notes, created_at=utc_now()))
                return True
        if known != text:
            raise LedgerError(f"step {number} was recorded with other proposals; this campaign was changed meanwhile")
        return False

    def steps(self, campaign_id: int) -> tuple[StepRecord, ...]:
        """Returns the steps in their order."""
        with self._reading() as connection:
            return reading.step_records(connection, campaign_id)

    # Requests and answers

    def request_profile(self, campaign_id: int, request: ProfileRequest, *, reuse: bool = False) -> Asked:
        """Records that a campaign asks for a measurement; asking again changes nothing.

        Where another campaign used this request id, its answer is taken over if `reuse` is set (and the answer is
        good); otherwise the request gets the next free repeat number. `pending_profiles` holds what to submit.
        """
        question = requests.profile_question(request)
        with self._writing() as connection:
            return requests.ask(connection, campaign_id, question, reuse=reuse)

    def pending_profiles(self, campaign_id: int) -> list[ProfileRequest]:
        """Returns the profile requests without an answer, in the order in which they were asked.

        Those of an older version of the procedure are left out: asked again, they have another id.
        """
        with self._reading() as connection:
            return pending.pending_profiles(connection, campaign_id)

    def rejections(self, campaign_id: int) -> dict[str, str]:
        """Returns request id -> reason of each measurement of a campaign that was rejected."""
        with self._reading() as connection:
            return reading.rejections(connection, campaign_id)

    def answer_profile(self, campaign_id: int, measurement: Measurement) -> bool:
        """Records a measurement as the next row of the campaign.

        Returns:
            False where the request was answered before: this answer is then dropped and the first one stands.

        Raises:
            LedgerError: the campaign never asked this.
        """
        text = encode(measurement.to_json(), "a measurement")
        with self._writing() as connection:
            given = requests.Answer(RequestKind.PROFILE, measurement.request_id, measurement.status.value, text)
            return requests.answer(connection, campaign_id, given)

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
        with self._writing() as connection:
            return requests.ask(connection, campaign_id, question, reuse=reuse)

    def pending_trainings(self, campaign_id: int) -> list[PendingTraining]:
        """Returns the training requests without an answer, in the order in which they were asked."""
        with self._reading() as connection:
            return pending.pending_trainings(connection, campaign_id)

    def answer_training(self, campaign_id: int, evaluation: Evaluation) -> bool:
        """Records an evaluation as the next row of the campaign; returns and raises as `answer_profile`."""
        text = encode(evaluation.to_json(), "an evaluation")
        with self._writing() as connection:
            request_id = requests.request_of_training(connection, campaign_id, evaluation.training_key)
            given = requests.Answer(RequestKind.TRAINING, request_id, evaluation.status.value, text)
            return requests.answer(connection, campaign_id, given)

    def rows(self, campaign_id: int, first: int | None = None) -> list[CampaignRow]:
        """Returns the answers in the order in which the campaign saw them; the first so many if `first` is given."""
        with self._reading() as connection:
            return reading.campaign_rows(connection, campaign_id, first)

    def progress(self, campaign_id: int) -> Progress:
        """Returns how many requests of a campaign were asked, answered and failed, and how many were rejected."""
        with self._reading() as connection:
            return reading.progress(connection, campaign_id)

    # Devices

    def put_device(self, info: DeviceInfo, reference: Mapping[str, Any] | None = None) -> None:
        """Records how a device introduces itself, and what its reference model took, where that has changed."""
        facts, timing = encode(dict(info.facts), "the facts of a device"), encode(dict(reference or {}), "a reference")
        with self._writing() as connection:
            known = reading.device_record(connection, info.identity)
            same = known is not None and (known.name, encode(known.facts, ""), encode(known.reference, "")) == (
                info.name,
                facts,
                timing,
            )
            if not same:
                row = {"identity": info.identity, "name": info.name, "facts": facts, "reference": timing}
                connection.execute(insert(schema.devices).values(**row, recorded_at=utc_now()))

    def import_device(
        self, info: DeviceInfo, rows: Sequence[importing.Answered], observer: importing.Observer | None = None
    ) -> bool:
        """Records a device with all its measurements, or nothing.

        Returns:
            False where there is a device of this identity already: then nothing is recorded.
        """
        facts = encode(dict(info.facts), "the facts of a device")
        with self._writing() as connection:
            if reading.device_record(connection, info.identity) is not None:
                return False
            importing.record_answered(connection, rows, observer)
            row = {"identity": info.identity, "name": info.name, "facts": facts, "reference": encode({}, "")}
            connection.execute(insert(schema.devices).values(**row, recorded_at=utc_now()))
        return True

    def device(self, identity: str) -> DeviceRecord | None:
        """Returns what a device last said of itself, or None."""
        with self._reading() as connection:
            return reading.device_record(connection, identity)

    def devices(self) -> tuple[DeviceRecord, ...]:
        """Returns what every device last said of itself."""
        with self._reading() as connection:
            return reading.device_records(connection)

    # Measurements that no campaign asked for

    def record_measurement(self, request: ProfileRequest, measurement: Measurement) -> bool:
        """Records a request with its answer; returns False where it had one, which then stands."""
        row = importing.Answered.of(request, measurement)
        with self._writing() as connection:
            return importing.record_answered(connection, [row]) == 1

    def measurement(self, request_id: str) -> Measurement | None:
        """Returns the answer to a request, good or not; None where there is none."""
        with self._reading() as connection:
            return device_rows.measurements(connection, [request_id]).get(request_id)

    def measured_rows(self, most: int, identity: str | None = None) -> dict[str, list[DeviceRow]]:
        """Returns device identity -> good measurements, of all devices or of one.

        Of each at most so many: of more, a random sample that is always the same.
        """
        with self._reading() as connection:
            return device_rows.device_rows(connection, most, identity)

    def check(self) -> list[str]:
        """Returns what is wrong with the file, one sentence each; nothing for a sound one."""
        with self._reading() as connection:
            damage = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check")]
            orphans = [
                f"a row of {row[0]} refers to nothing" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
            ]
        return [line for line in damage if line != "ok"] + orphans

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with translated(str(self._path)), writing_transaction(self._engine) as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(str(self._path)), reading_transaction(self._engine) as connection:
            yield connection


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"cannot make the folder {folder} ({error.strerror}); make its parent writable or choose another folder"
        ) from error


def _prepare(engine: Engine, place: str, *, read_only: bool) -> None:
    """Looks at the version first: opening a sound ledger takes no lock."""
    with reading_transaction(engine) as connection:
        version = stored_version(connection, place)
    if version is not None:
        check_version(version, place)
    if version == SCHEMA_VERSION:
        return
    if read_only:
        raise LedgerError(f"{place} is of an older version; open it once where it can be written")
    use_write_ahead_log(engine)
    with writing_transaction(engine) as connection:
        bring_up(connection, place)
