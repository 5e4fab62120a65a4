import subprocess
import sys

import pytest

from protran.tasks.errors import TaskError
from protran.tasks.registry import builtin_tasks, load_task, task_from_reference


def test_watch_is_built_in():
    assert "watch" in builtin_tasks()
    assert load_task("watch").name == "watch"


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("wach", {}, "unknown task 'wach'; expected one of watch, unimib, or the path of a file"),
        ("absent.csv", {}, "absent.csv: there is no such file"),
        ("watch", {"window": 5}, "takes no options, got window"),
    ],
)
def test_what_is_not_there_is_one_sentence(name, options, sentence):
    with pytest.raises(TaskError, match=sentence):
        load_task(name, options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"windw": 5}, "unknown task option 'windw'; known are window, stride"),
        ({"window": 0}, "window must be a whole number of at least 1, got 0"),
        ({"channels": "ax"}, "channels must be a list of column names"),
        ({"split_seed": -1}, "split_seed must be"),
        ({"test_fraction": 1.5}, "test fraction must be"),
    ],
)
def test_a_bad_option_is_one_sentence(csv_file, options, sentence):
    with pytest.raises(TaskError, match=sentence):
        load_task(csv_file(), options)


def test_a_reference_finds_the_same_task_again(csv_file):
    task = load_task(csv_file(), {"window": 20, "group": "recording", "channels": ["ax"]})
    again = task_from_reference(task.reference())
    assert again.reference() == task.reference()


def test_a_reference_to_data_that_changed_is_refused(csv_file):
    path = csv_file()
    reference = load_task(path).reference()
    path.write_text("label,x\na,1\n")
    with pytest.raises(TaskError, match="the data has changed since"):
        task_from_reference(reference)


def test_a_reference_without_its_parts_is_refused():
    with pytest.raises(TaskError, match="'version' is missing"):
        task_from_reference({"source": "watch"})


def test_importing_the_tasks_loads_no_torch():
    code = "import sys, protran.tasks.registry; print('torch' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
