import pytest

from device_agents.errors import RequestError
from device_agents.proxy import entry


def test_the_board_is_asked_about_itself_and_about_candidates_through_one_entry(monkeypatch):
    monkeypatch.setattr(entry.facts, "handle", lambda payload: {"by": "facts"})
    monkeypatch.setattr(entry.profile, "handle", lambda payload: {"by": "profile"})
    assert [entry.handle({question: None})["by"] for question in ("facts", "memory", "calibrate", "request")] == [
        "facts",
        "facts",
        "profile",
        "profile",
    ]


def test_an_unknown_question_is_refused():
    with pytest.raises(RequestError, match="request or calibrate"):
        entry.handle({"unknown": None})
