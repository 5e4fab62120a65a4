"""What docs/studies.md shows of texts does what it says."""

import json
import re
from pathlib import Path

from protran.studies import text_data
from protran.studies.debtags import DebtagsOptions
from protran.studies.reuters import ReutersOptions

PAGE = (Path(__file__).parents[3] / "docs" / "studies.md").read_text(encoding="utf-8")
SNIPPETS = [
    block for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) if "load_texts" in block
]


def run(part):
    (snippet,) = (block for block in SNIPPETS if part in block)
    names = {}
    exec(compile(snippet, "studies.md", "exec"), names)
    return names["texts"]


def test_the_options_of_what_is_fetched_exist(monkeypatch):
    monkeypatch.setattr(text_data, "load_debtags", lambda options: options)
    monkeypatch.setattr(text_data, "load_reuters", lambda options: options)
    assert run('"debtags"') == DebtagsOptions(top=24, seed=0)
    assert run('"reuters-r52"') == ReutersOptions(seed=0)
    given = re.findall(r"`(\{\"(?:packages|wheel)\": .*?\})`", PAGE)
    assert len(given) == 2
    for options in given:
        assert text_data.load_texts("reuters-r52" if "wheel" in options else "debtags", json.loads(options))


def test_the_example_of_a_users_own_file_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"^```\n(text,labels\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    Path("news.csv").write_text(example, encoding="utf-8")
    data = run('"news.csv"')
    assert data.multi_label and data.rows == 3
    labels = {
        text: {data.label_names[number] for number in numbers}
        for part in data.sets.values()
        for text, numbers in zip(part.texts, part.labels, strict=True)
    }
    assert labels == {
        "Two goals in the last minute": {"sport", "local"},
        "A museum opens": {"art", "local"},
        "Rain until Friday": set(),
    }


def test_every_snippet_is_run_here():
    assert len(SNIPPETS) == 3
