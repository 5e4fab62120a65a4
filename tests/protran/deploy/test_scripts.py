from __future__ import annotations

import ast

import pytest

from protran.deploy.format import Format
from protran.deploy.scripts import script_for


@pytest.mark.parametrize(
    ("form", "packages"),
    [
        (Format.ONNX, {"json", "sys", "pathlib", "numpy", "onnxruntime"}),
        (Format.TORCH, {"json", "sys", "pathlib", "numpy", "protran"}),
    ],
)
def test_a_script_imports_only_what_its_card_says(form, packages):
    found = set()
    for node in ast.walk(ast.parse(script_for(form))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    assert found == packages


def test_the_script_of_an_onnx_file_has_twenty_lines_of_code():
    lines = script_for(Format.ONNX).splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith('"""')]) <= 20
