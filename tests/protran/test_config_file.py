from __future__ import annotations

from pathlib import Path

import pytest

from protran.config import config_from_arguments
from protran.config_file import load_config
from protran.errors import ConfigError

GOOD = "name: demo\nspace: edge-small\ntask: watch\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "campaign.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_the_same_as_arguments(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "seed: 3\nbudgets: [latency<=20ms]\n")
    expected = config_from_arguments(
        {"name": "demo", "space": "edge-small", "task": "watch", "seed": 3, "budgets": ["latency<=20ms"]}
    )
    assert load_config(path) == expected


def test_what_is_given_elsewhere_wins(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, GOOD + "seed: 3\n"), {"seed": 4, "name": None}).seed == 4


def test_an_error_in_what_is_given_elsewhere_does_not_blame_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^seed: expected"):
        load_config(write(tmp_path, GOOD), {"seed": -4})


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "name: x\nspace: s.yaml\ntask: {source: data/w.csv}\n"))
    assert config.space == str(tmp_path / "s.yaml")
    assert config.task.source == str(tmp_path / "data" / "w.csv")


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "name: x\nspace: s\ntask: /data/w.csv\n")).task.source == "/data/w.csv"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (GOOD + "seed: many\n", 4, "seed: expected a valid integer, got 'many'"),
        (GOOD + "effort:\n  preset: demo\n  seeds: 3\n", 6, "effort.seeds: unknown field; known are preset"),
        (GOOD + "budgets:\n  - latency<=2ms\n  - latency<=2 parsecs\n", 6, "budget 'latency<=2 parsecs': unit of"),
        (GOOD + "name: again\n", 4, "name: this field is given twice"),
        (GOOD + "effort: [\n", 5, "not valid YAML"),
        ("name: x\nspace: s\n", 1, "task: this field is missing"),
        (GOOD + "seed: &s [*s]\n", 4, "an alias refers to what it is part of"),
        (GOOD + "seed: !!python/object:os.system x\n", 4, "cannot read 'x'"),
        (GOOD + "seed: 2026-99-99\n", 4, "cannot read '2026-99-99'"),
        ("- a\n", 1, "expected fields such as 'name: demo', got a list"),
        ("", 1, "expected fields such as 'name: demo', got an empty file"),
    ],
)
def test_an_error_says_file_line_and_what_was_expected(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: {message}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the campaign file .*none.yaml: No such file"):
        load_config(tmp_path / "none.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigError, match="expected text in UTF-8"):
        load_config(path)
