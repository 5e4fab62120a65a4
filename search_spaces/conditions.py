"""Conditions of a design space: comparisons over the genes of one layer, read by a parser that runs nothing else."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from search_spaces.errors import SpaceError

CONDITION_NAMES = ("hidden", "heads", "width", "feed_forward")
LONGEST_CONDITION = 200  # characters

_ARITHMETIC: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISON: dict[type[ast.AST], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True)
class Condition:
    """A condition that every layer must meet, such as ``"width >= 4"`` or ``"feed_forward <= 4 * hidden"``.

    Known names are `hidden`, `heads` (their number), `width` (hidden // heads) and `feed_forward` (each size of the
    stack). It may tie `hidden` to the heads or to the feed-forward sizes, but not heads to feed-forward sizes.

    Attributes:
        expression: numbers, names, ``+ - * / // %``, comparisons, ``and``, ``or``, ``not``.
        names: the names it uses.
    """

    expression: str
    names: frozenset[str] = field(init=False, compare=False, repr=False)
    _tree: ast.expr = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        tree = _parse(self.expression)
        names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        if "feed_forward" in names and names & {"heads", "width"}:
            raise SpaceError(
                f"condition {self.expression!r} ties heads to feed_forward; tie each to hidden, separately"
            )
        object.__setattr__(self, "_tree", tree)
        object.__setattr__(self, "names", names)

    def holds(self, genes: Mapping[str, int]) -> bool:
        """Returns whether the condition holds; `genes` has a number for each of `names`.

        Raises:
            SpaceError: the expression divides by zero.
        """
        try:
            return _truth(self._tree, genes)
        except ZeroDivisionError as error:
            raise SpaceError(f"condition {self.expression!r} divides by zero at {dict(genes)}") from error


def _parse(expression: str) -> ast.expr:
    if not isinstance(expression, str):
        raise SpaceError(f'a condition must be text such as "width >= 4", got {expression!r}')
    if len(expression) > LONGEST_CONDITION:
        raise SpaceError(f"a condition may have {LONGEST_CONDITION} characters, got {len(expression)}")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpaceError(f'condition {expression!r} is not a comparison such as "width >= 4"') from error
    _check_truth(tree, expression)
    return tree


def _check_truth(node: ast.expr, expression: str) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check_truth(value, expression)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check_truth(operand, expression)
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARISON for op in ops):
            for value in (left, *comparators):
                _check_number(value, expression)
        case _:
            raise SpaceError(f'condition {expression!r}: expected a comparison such as "width >= 4"')


def _check_number(node: ast.expr, expression: str) -> None:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            _check_number(left, expression)
            _check_number(right, expression)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check_number(operand, expression)
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            pass
        case ast.Name(id=name) if name in CONDITION_NAMES:
            pass
        case ast.Name(id=name):
            known = ", ".join(CONDITION_NAMES)
            raise SpaceError(f"condition {expression!r}: unknown gene {name!r}; known are {known}")
        case _:
            raise SpaceError(f"condition {expression!r}: only numbers, names, + - * / // % and comparisons are allowed")


def _truth(node: ast.expr, genes: Mapping[str, int]) -> bool:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_truth(value, genes) for value in values)
        case ast.BoolOp(values=values):
            return any(_truth(value, genes) for value in values)
        case ast.UnaryOp(operand=operand):
            return not _truth(operand, genes)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            numbers = [_number(value, genes) for value in (left, *comparators)]
            pairs = zip(ops, numbers, numbers[1:], strict=False)
            return all(_COMPARISON[type(op)](first, second) for op, first, second in pairs)
    raise SpaceError(f"cannot evaluate {ast.dump(node)}")


def _number(node: ast.expr, genes: Mapping[str, int]) -> float:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_number(left, genes), _number(right, genes))
        case ast.UnaryOp(operand=operand):
            return -_number(operand, genes)
        case ast.Name(id=name):
            return genes[name]
        case ast.Constant(value=int() | float() as value):
            return value
    raise SpaceError(f"cannot evaluate {ast.dump(node)}")
