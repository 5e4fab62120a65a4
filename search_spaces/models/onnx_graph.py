"""ONNX graphs without what changes no result: shapes between operators, repeated constants, long names."""

from __future__ import annotations

from typing import Any

LINEAR = ("MatMul", "Gemm")
LOOKUP = "Gather"


def compact(graph: Any) -> None:
    """Takes out of a graph what changes no result, in place.

    Only operators that read a weight matrix keep their names, for who wants to treat one of them in its own way. The
    exporter makes those names from modules: `/layers.0/attention/project/MatMul`.

    Args:
        graph: of a file that torch's older exporter made. It has no graphs within it: the exporter makes those only of
            control flow, which no model has.
    """
    kept = {value.name for value in (*graph.input, *graph.output, *graph.initializer)}
    matrices = {weight.name for weight in graph.initializer if len(weight.dims) == 2}
    names = {name: name for name in kept}
    constants: dict[bytes, str] = {}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            content = node.attribute[0].t.SerializeToString()
            if content not in constants:
                constants[content] = f"c{len(constants)}"
                graph.initializer.add().CopyFrom(node.attribute[0].t)
                graph.initializer[-1].name = constants[content]
            names[node.output[0]] = constants[content]
            continue
        nodes.append(type(node)())
        nodes[-1].CopyFrom(node)
        if node.op_type not in (*LINEAR, LOOKUP) or not matrices.intersection(node.input):
            nodes[-1].ClearField("name")
        nodes[-1].input[:] = [names.get(name, name) for name in node.input]  # an optional input has no name
        nodes[-1].output[:] = [names.setdefault(name, f"v{len(names)}") for name in node.output]
    del graph.value_info[:], graph.node[:]
    graph.node.extend(nodes)
