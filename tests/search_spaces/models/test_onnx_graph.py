"""What is taken out of a graph, and what stays."""

import numpy as np
import pytest

from search_spaces.models.onnx_graph import compact

onnx = pytest.importorskip("onnx", reason="needs the extra onnx: pip install 'protran[onnx]'")
reference = pytest.importorskip("onnx.reference")


@pytest.fixture
def graph():
    """x W, plus a constant that is said twice, times the matrix of a constant operator."""
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    weight, matrix = (helper.make_tensor("w", floats, (2, 2), [1.0] * 4) for _ in range(2))
    one = helper.make_tensor("one", floats, (1,), [1.0])
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["/part/MatMul_output_0"], "/part/MatMul"),
        helper.make_node("Constant", [], ["/Constant_output_0"], "/Constant", value=one),
        helper.make_node("Constant", [], ["/Constant_1_output_0"], "/Constant_1", value=one),
        helper.make_node("Constant", [], ["/Constant_2_output_0"], "/Constant_2", value=matrix),
        helper.make_node("Add", ["/part/MatMul_output_0", "/Constant_output_0"], ["/Add_output_0"], "/Add"),
        helper.make_node("Add", ["/Add_output_0", "/Constant_1_output_0"], ["/Add_1_output_0"], "/Add_1"),
        helper.make_node("MatMul", ["/Add_1_output_0", "/Constant_2_output_0"], ["y"], "/MatMul"),
    ]
    inputs, outputs = ([helper.make_tensor_value_info(name, floats, [1, 2])] for name in "xy")
    made = helper.make_graph(nodes, "g", inputs, outputs, [weight])
    made.value_info.append(helper.make_tensor_value_info("/Add_output_0", floats, [1, 2]))
    return made


def test_only_products_with_a_weight_matrix_keep_their_names(graph):
    compact(graph)
    assert [(node.op_type, node.name) for node in graph.node] == [
        ("MatMul", "/part/MatMul"),
        ("Add", ""),
        ("Add", ""),
        ("MatMul", ""),
    ]


def test_constants_are_said_once_and_shapes_not_at_all(graph):
    compact(graph)
    assert len(graph.initializer) == 3  # the weight, the one, the matrix
    assert not graph.value_info


def test_the_graph_computes_what_it_did(graph):
    def answer():
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model)
        return reference.ReferenceEvaluator(model).run(None, {"x": np.array([[1.0, 2.0]], dtype=np.float32)})[0]

    before = answer()
    compact(graph)
    assert before.tolist() == answer().tolist() == [[10.0, 10.0]]
