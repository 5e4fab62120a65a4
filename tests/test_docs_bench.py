"""What docs/bench.md says of its command holds."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from protran.benchmark.methods.registry import METHODS
from protran.cli.main import main

TEXT = (Path(__file__).parents[1] / "docs" / "bench.md").read_text(encoding="utf-8")


def command() -> list[str]:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    return shlex.split(block)


def test_the_command_runs_on_a_small_table(capsys, monkeypatch, tmp_path):
    """With the table of the test, fewer evaluations and seeds."""
    import csv
    import json

    from search_spaces.sampling import SamplingMethod, sample
    from search_spaces.space import load_space

    words = command()[1:]
    names = words[words.index("--objectives") + 1].split(",")
    monkeypatch.chdir(tmp_path)
    with Path("small.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", *names, *(f"{name}_smooth" for name in names)])
        for number, candidate in enumerate(sample(load_space("gpt-small"), 24, SamplingMethod.SOBOL, 0)):
            first = candidate.architecture.layers[0]
            layers = [
                {"heads": len(layer.heads), "mlp_ratio": layer.feed_forward[0] // layer.hidden}
                for layer in candidate.architecture.layers
            ]
            genes = {"embed_dim": first.hidden, "bias": candidate.architecture.bias, "layers": layers}
            values = [1000 / first.hidden + number % 3, first.hidden + number, first.hidden, len(layers) + number % 5]
            writer.writerow([json.dumps(genes), *values, *values])
    for option, value in {"--table": "small.csv", "--evaluations": "4,18", "--seeds": "1"}.items():
        words[words.index(option) + 1] = value
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(result["method"], result["evaluations"]) for result in told["results"]] == [
        (method, number) for method in ("protran", "random", "sobol") for number in (4, 18)
    ]
    assert Path(words[words.index("--results") + 1]).exists()
    assert Path(words[words.index("--picture") + 1]).exists()


def test_every_method_is_explained_in_its_order():
    assert re.findall(r"^\| `(\w+)` \|", TEXT, flags=re.MULTILINE) == list(METHODS)
