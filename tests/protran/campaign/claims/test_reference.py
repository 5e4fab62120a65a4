from __future__ import annotations

import pytest

from device_agents.workload import Workload, WorkloadKind
from protran.campaign.claims.reference import Reference, find_reference, fitting
from protran.errors import InputError
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.input_spec import InputKind
from search_spaces.presets import preset


@pytest.fixture
def problem(bench):
    with bench.ledger() as ledger:
        return bench.begin(ledger)[0]


def test_a_well_known_model_reads_the_input_of_the_task(problem) -> None:
    found = find_reference("bert-tiny", problem, [])
    assert found.candidate == preset("bert-tiny")[0]
    assert problem.input_spec.kind is InputKind.WINDOWS
    assert found.note == "bert-tiny: its layers, with the input of this campaign's task"


def test_a_decoder_is_refused_in_one_sentence(problem) -> None:
    with pytest.raises(InputError, match=r"^the reference gpt2 is a decoder, and the task watch needs .* an encoder"):
        find_reference("gpt2", problem, [])


def test_a_candidate_is_found_by_the_first_digits_of_its_key(problem) -> None:
    t1 = preset("t1")[0]
    found = find_reference(t1.key[:6], problem, [preset("t2")[0], t1])
    assert found == Reference(t1.key[:8], t1)


def test_digits_that_begin_no_key_are_refused(problem) -> None:
    with pytest.raises(InputError, match=r"no candidate of 'invented' begins with 0000"):
        find_reference("0000", problem, [])


def test_digits_that_begin_several_keys_are_refused(problem) -> None:
    class Alike:
        def __init__(self, key: str) -> None:
            self.key = key

    with pytest.raises(InputError, match=r"several candidates \(abcd1, abcd2\) of 'invented' begin with abcd"):
        find_reference("abcd", problem, [Alike("abcd1"), Alike("abcd2")])  # type: ignore[list-item]


def test_another_word_names_what_there_is(problem) -> None:
    with pytest.raises(InputError, match=r"or one of bert-base, .*; got 'bert'$"):
        find_reference("bert", problem, [])


def test_a_deployment_that_cannot_run_the_workload_is_refused(problem) -> None:
    import dataclasses

    training = dataclasses.replace(problem, workload=Workload(WorkloadKind.TRAINING_STEP))
    candidate = Candidate(preset("t1")[0].architecture, Deployment(Precision.FP32, Runtime.ONNXRUNTIME))
    with pytest.raises(InputError, match=r"^the reference mine cannot run this campaign's workload: .*torch"):
        fitting(Reference("mine", candidate), training)
