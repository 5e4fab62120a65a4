"""Questions and answers: each request is answered exactly once, and each campaign sees answers in its own order.

Every function works within one transaction that its caller opened. Writers are alone in theirs, so that reading a
number and writing the next one cannot go wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Table, func, insert, select

from device_agents.measurement import MeasurementStatus, ProfileRequest
from protran.errors import LedgerError
from protran.ledger import schema
from protran.ledger.encoding import encode, plain, utc_now
from protran.ledger.records import Asked, RequestKind, RequestState
from search_spaces.candidate import Candidate

_ANSWERS = {RequestKind.PROFILE: schema.measurements, RequestKind.TRAINING: schema.evaluations}


@dataclass(frozen=True)
class Question:
    """A request in the shape in which it is recorded, whatever its kind.

    Attributes:
        kind: what is asked.
        repeat: its repeat number.
        candidate: whom it is about.
        device_identity: who is to answer a profile; None for a training.
        identify: repeat number -> request id and JSON text of the request with that number.
    """

    kind: RequestKind
    repeat: int
    candidate: Candidate
    device_identity: str | None
    identify: Callable[[int], tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """An answer in the shape in which it is recorded: which request, whether it holds values, and its JSON text."""

    kind: RequestKind
    request_id: str
    status: str
    text: str


def profile_question(request: ProfileRequest) -> Question:
    """Returns the question that a profile request asks."""

    def identify(repeat: int) -> tuple[str, str]:
        numbered = replace(request, repeat=repeat)
        return numbered.request_id, encode(numbered.to_json(), "a profile request")

    device = plain(request.device_identity, "a device's identity")
    return Question(RequestKind.PROFILE, request.repeat, request.candidate, device, identify)


def training_question(training_key: str, candidate: Candidate, payload: str) -> Question:
    """Returns the question that a training request asks; a training_key asked anew gets a number behind a dot."""

    def identify(repeat: int) -> tuple[str, str]:
        return (training_key if repeat == 0 else f"{training_key}.{repeat}"), payload

    return Question(RequestKind.TRAINING, 0, candidate, None, identify)


def ask(connection: Connection, campaign_id: int, question: Question, *, reuse: bool) -> Asked:
    """Records that a campaign asks; asking again changes nothing.

    An id that another campaign used is taken over with its answer where `reuse` says so and the answer is good.
    Otherwise the question is asked anew, as the next repeat.
    """
    asked_id, _ = question.identify(question.repeat)
    request_id = _request_of(connection, campaign_id, asked_id)
    if request_id is not None:
        return Asked(request_id, _state(connection, campaign_id, request_id))
    if _known(connection, asked_id):
        status = _status(connection, question.kind, asked_id)
        usable = status in (None, MeasurementStatus.OK.value)  # an evaluation's good status reads the same
        if reuse and usable and not _holds(connection, campaign_id, asked_id):
            _note(connection, campaign_id, asked_id, asked_id)
            if status is None:  # another campaign waits for it too: whoever is first answers both
                return Asked(asked_id, RequestState.PENDING)
            _see(connection, campaign_id, asked_id, reused=True)
            return Asked(asked_id, RequestState.ANSWERED, reused=True)
        question = replace(question, repeat=_next_repeat(connection, question))
    request_id = _record(connection, question)
    _note(connection, campaign_id, asked_id, request_id)
    return Asked(request_id, RequestState.PENDING)


def _holds(connection: Connection, campaign_id: int, request_id: str) -> bool:
    """Returns whether a campaign has this request already, as the repeat of another id that it asked by."""
    asked = schema.campaign_requests
    query = select(asked.c.number).where(asked.c.campaign_id == campaign_id, asked.c.request_id == request_id)
    return connection.execute(query).first() is not None


def answer(connection: Connection, campaign_id: int, given: Answer) -> bool:
    """Records an answer unless there is one already; either way the campaign has now seen the answer that stands.

    Returns:
        Whether this answer was recorded.

    Raises:
        LedgerError: the campaign never asked this.
    """
    kind, request_id = given.kind, given.request_id
    if not _holds(connection, campaign_id, request_id):
        raise _never_asked(kind, request_id)
    fresh = _status(connection, kind, request_id) is None
    if fresh:
        row = {"request_id": request_id, "status": given.status, "payload": given.text, "created_at": utc_now()}
        connection.execute(insert(_ANSWERS[kind]).values(row))
    if _state(connection, campaign_id, request_id) is RequestState.PENDING:
        _see(connection, campaign_id, request_id, reused=not fresh)
    return fresh


def answer_training(connection: Connection, campaign_id: int, given: Answer) -> bool:
    """Records the answer to a training, named by the training_key by which the campaign asked; as `answer`."""
    request_id = _request_of(connection, campaign_id, given.request_id)
    if request_id is None:
        raise _never_asked(given.kind, given.request_id)
    return answer(connection, campaign_id, replace(given, request_id=request_id))


def _never_asked(kind: RequestKind, request_id: str) -> LedgerError:
    return LedgerError(f"the answer to {kind.value} request {request_id} is refused: this campaign never asked it")


def _record(connection: Connection, question: Question) -> str:
    request_id, payload = question.identify(question.repeat)
    candidate = question.candidate
    if (
        connection.execute(select(schema.candidates.c.key).where(schema.candidates.c.key == candidate.key)).first()
        is None
    ):
        connection.execute(
            insert(schema.candidates).values(
                key=candidate.key,
                architecture_key=candidate.architecture.key,
                payload=encode(candidate.to_json(), "a candidate"),
            )
        )
    connection.execute(
        insert(schema.requests).values(
            id=request_id,
            kind=question.kind.value,
            subject=question.identify(0)[0],
            repeat=question.repeat,
            candidate_key=candidate.key,
            device_identity=question.device_identity,
            payload=payload,
            created_at=utc_now(),
        )
    )
    return request_id


def _note(connection: Connection, campaign_id: int, asked_id: str, request_id: str) -> None:
    number = _next_number(connection, schema.campaign_requests, campaign_id)
    row = {"campaign_id": campaign_id, "number": number, "asked_id": asked_id, "request_id": request_id}
    connection.execute(insert(schema.campaign_requests).values(row))


def _see(connection: Connection, campaign_id: int, request_id: str, *, reused: bool) -> None:
    number = _next_number(connection, schema.campaign_rows, campaign_id)
    row = {"campaign_id": campaign_id, "number": number, "request_id": request_id, "reused": int(reused)}
    connection.execute(insert(schema.campaign_rows).values(**row, created_at=utc_now()))


def _next_number(connection: Connection, table: Table, campaign_id: int) -> int:
    last = connection.scalar(select(func.max(table.c.number)).where(table.c.campaign_id == campaign_id))
    return 0 if last is None else int(last) + 1


def _next_repeat(connection: Connection, question: Question) -> int:
    table = schema.requests
    same = (table.c.kind == question.kind.value) & (table.c.subject == question.identify(0)[0])
    last = connection.scalar(select(func.max(table.c.repeat)).where(same))
    return 0 if last is None else int(last) + 1


def _request_of(connection: Connection, campaign_id: int, asked_id: str) -> str | None:
    table = schema.campaign_requests
    query = select(table.c.request_id).where(table.c.campaign_id == campaign_id, table.c.asked_id == asked_id)
    return connection.scalar(query)


def _known(connection: Connection, request_id: str) -> bool:
    return (
        connection.execute(select(schema.requests.c.id).where(schema.requests.c.id == request_id)).first() is not None
    )


def _status(connection: Connection, kind: RequestKind, request_id: str) -> str | None:
    table = _ANSWERS[kind]
    return connection.scalar(select(table.c.status).where(table.c.request_id == request_id))


def _state(connection: Connection, campaign_id: int, request_id: str) -> RequestState:
    table = schema.campaign_rows
    query = select(table.c.number).where(table.c.campaign_id == campaign_id, table.c.request_id == request_id)
    return RequestState.PENDING if connection.execute(query).first() is None else RequestState.ANSWERED
