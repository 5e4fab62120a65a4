import pytest

from protran.training.errors import TrainingError
from protran.training.memory import memory_errors_told


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("std::bad_alloc")])
def test_lack_of_memory_is_one_sentence(error):
    with pytest.raises(TrainingError, match="ran out of memory; allow more"), memory_errors_told():
        raise error


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2"), TrainingError("the loss became nan")])
def test_other_errors_pass_as_they_are(error):
    with pytest.raises(RuntimeError) as caught, memory_errors_told():
        raise error
    assert caught.value is error
