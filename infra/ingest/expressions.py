"""A small, safe expression language for mappings: Python's syntax, a whitelist of nodes, no eval.

An expression is parsed once with ``ast`` and turned into nested closures; a node that is not listed is refused
when the mapping is read. Numbers are Decimals. Values are text, Decimal, bool, datetime or None (missing).
Arithmetic, order and function calls on a missing value raise ValueMissing, which rejects the row and says why.
"""
from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Protocol

from infra.ingest.functions import FUNCTIONS, NULL_SAFE, ValueMissing, text_of

#: Wide enough for exact products of prices, quantities and rates; nothing is rounded unless ``round`` says so.
_CONTEXT = Context(prec=50)


class ExpressionError(ValueError):
    """The expression itself is wrong: found when the mapping is read."""


class Names(Protocol):
    """Where an expression finds its names: the columns of a row, and of the rows joined to it."""

    def value(self, name: str) -> Any:
        """Value of column ``name``, None where missing; raises RowError where it is not of its declared type."""
        ...

    def joined(self, join: str, name: str) -> Any:
        """Value of column ``name`` of the row joined as ``join``."""
        ...


#: The call that names a column which is no Python name.
COLUMN = "column"

Compiled = Callable[[Names], Any]

_BINARY = {
    ast.Add: _CONTEXT.add,
    ast.Sub: _CONTEXT.subtract,
    ast.Mult: _CONTEXT.multiply,
    ast.Div: _CONTEXT.divide,
    ast.Mod: _CONTEXT.remainder,
}
_ORDER = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
_EQUAL = {ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_, ast.IsNot: operator.is_not}
_MEMBER = {ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b}


def compile_expression(text: str) -> Compiled:
    """The function that ``text`` describes; raises ExpressionError naming what is not allowed."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(f"not an expression: {text!r} ({error.args[0]})") from error
    return _build(tree.body)


def names_in(text: str) -> tuple[set[str], set[tuple[str, str]]]:
    """Column names, and (join, column) pairs, that a valid expression uses."""
    columns: set[str] = set()
    joined: set[tuple[str, str]] = set()
    inner: set[int] = set()  # names that are no columns: of joins, of functions
    tree = ast.parse(text.strip(), mode="eval")  # kept until the end: ids of freed nodes come again
    for node in ast.walk(tree):  # parents come before their children
        if isinstance(node, ast.Attribute):
            joined.add((node.value.id, node.attr))
            inner.add(id(node.value))
        elif isinstance(node, ast.Call):
            inner.add(id(node.func))
            if node.func.id == COLUMN:
                columns.add(node.args[0].value)
        elif isinstance(node, ast.Name) and id(node) not in inner:
            columns.add(node.id)
    return columns, joined


def _build(node: ast.expr) -> Compiled:
    builder = _BUILDERS.get(type(node))
    if builder is None:
        raise ExpressionError(f"{type(node).__name__} is not allowed in an expression: {ast.unparse(node)}")
    return builder(node)


def _constant(node: ast.Constant) -> Compiled:
    value = node.value
    if isinstance(value, float):
        value = Decimal(ast.unparse(node))
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    elif not (value is None or isinstance(value, (str, bool))):
        raise ExpressionError(f"{ast.unparse(node)} is not a number, a text, True, False or None")
    return lambda names: value


def _name(node: ast.Name) -> Compiled:
    name = node.id
    return lambda names: names.value(name)


def _attribute(node: ast.Attribute) -> Compiled:
    if not isinstance(node.value, ast.Name):
        raise ExpressionError(f"expected join.column, found {ast.unparse(node)}")
    join, name = node.value.id, node.attr
    return lambda names: names.joined(join, name)


def _binary(node: ast.BinOp) -> Compiled:
    operation = _BINARY.get(type(node.op))
    if operation is None:
        raise ExpressionError(f"operator not allowed: {ast.unparse(node)}")
    left, right, shown = _build(node.left), _build(node.right), ast.unparse(node)

    def run(names: Names) -> Decimal:
        a, b = left(names), right(names)
        if not (isinstance(a, Decimal) and isinstance(b, Decimal)):
            raise _not_numbers(node, names, a, b)
        try:
            return operation(a, b)
        except (InvalidOperation, ZeroDivisionError) as error:
            raise ValueError(f"{shown}: {a} and {b} cannot be combined") from error

    return run


def _missing(node: ast.expr, names: Names) -> ValueMissing:
    """The error for a missing value in ``node``, naming the columns that are missing."""
    columns, joined = names_in(ast.unparse(node))
    missing = [column for column in sorted(columns) if names.value(column) is None]
    missing += [f"{join}.{column}" for join, column in sorted(joined) if names.joined(join, column) is None]
    return ValueMissing(f"{' and '.join(missing) or 'a value'} missing, needed for {ast.unparse(node)}")


def _not_numbers(node: ast.expr, names: Names, *values: Any) -> ValueError:
    if None in values:
        return _missing(node, names)
    found = " and ".join(repr(text_of(value)) for value in values)
    return ValueError(f"{ast.unparse(node)}: expected numbers, found {found}")


def _unary(node: ast.UnaryOp) -> Compiled:
    operand, shown = _build(node.operand), ast.unparse(node)
    if isinstance(node.op, ast.Not):
        return lambda names: not operand(names)
    if not isinstance(node.op, (ast.USub, ast.UAdd)):
        raise ExpressionError(f"operator not allowed: {shown}")
    negative = isinstance(node.op, ast.USub)

    def run(names: Names) -> Decimal:
        value = operand(names)
        if not isinstance(value, Decimal):
            raise _not_numbers(node, names, value)
        return value.copy_negate() if negative else value

    return run


def _boolean(node: ast.BoolOp) -> Compiled:
    """``and``, ``or``: as in Python they give one of their operands, so ``a or b`` fills in for a missing a."""
    parts, stop_at = [_build(value) for value in node.values], isinstance(node.op, ast.Or)

    def run(names: Names) -> Any:
        value = None
        for part in parts:
            value = part(names)
            if bool(value) is stop_at:
                return value
        return value

    return run


def _compare(node: ast.Compare) -> Compiled:
    if len(node.ops) != 1:
        raise ExpressionError(f"one comparison at a time, please: {ast.unparse(node)}")
    kind, shown = type(node.ops[0]), ast.unparse(node)
    left, right = _build(node.left), _build(node.comparators[0])
    if kind in _EQUAL or kind in _MEMBER:
        compare = _EQUAL.get(kind) or _MEMBER[kind]
        return lambda names: compare(left(names), right(names))
    compare = _ORDER[kind]

    def run(names: Names) -> bool:
        a, b = left(names), right(names)
        if a is None or b is None:
            raise _missing(node, names)
        if type(a) is not type(b):
            raise ValueError(f"{shown}: {text_of(a)!r} and {text_of(b)!r} have no order")
        return compare(a, b)

    return run


def _if_else(node: ast.IfExp) -> Compiled:
    test, then, otherwise = _build(node.test), _build(node.body), _build(node.orelse)
    return lambda names: then(names) if test(names) else otherwise(names)


def _list(node: ast.Tuple | ast.List) -> Compiled:
    items = [_build(item) for item in node.elts]
    return lambda names: tuple(item(names) for item in items)


def _column(node: ast.Call) -> Compiled:
    """``column('Order ID')``: a column whose name is no Python name."""
    if len(node.args) != 1 or node.keywords or not isinstance(getattr(node.args[0], "value", None), str):
        raise ExpressionError(f"expected {COLUMN}('name of a column'), found {ast.unparse(node)}")
    name = node.args[0].value
    return lambda names: names.value(name)


def _call(node: ast.Call) -> Compiled:
    if isinstance(node.func, ast.Name) and node.func.id == COLUMN:
        return _column(node)
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
        raise ExpressionError(f"no such function: {ast.unparse(node.func)}; there are {', '.join(sorted(FUNCTIONS))}")
    if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
        raise ExpressionError(f"plain arguments only: {ast.unparse(node)}")
    name, shown = node.func.id, ast.unparse(node)
    function, (least, most) = FUNCTIONS[name]
    if not least <= len(node.args) <= most:
        raise ExpressionError(f"{shown}: {name} takes {least} to {most} arguments")
    arguments = [_build(arg) for arg in node.args]
    null_safe = name in NULL_SAFE

    def run(names: Names) -> Any:
        values = [argument(names) for argument in arguments]
        if not null_safe and None in values:
            raise _missing(node, names)
        try:
            return function(*values)
        except (AttributeError, TypeError, InvalidOperation) as error:
            raise ValueError(f"{shown}: wrong kind of value") from error

    return run


def _text(node: ast.JoinedStr) -> Compiled:
    parts = [_build(value) for value in node.values]

    def run(names: Names) -> str:
        values = [part(names) for part in parts]
        if None in values:
            raise _missing(node, names)
        return "".join(text_of(value) for value in values)

    return run


def _formatted(node: ast.FormattedValue) -> Compiled:
    if node.format_spec is not None or node.conversion != -1:
        raise ExpressionError("plain {name} only in f'...'")
    return _build(node.value)


_BUILDERS: dict[type, Callable[[Any], Compiled]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _if_else,
    ast.Tuple: _list,
    ast.List: _list,
    ast.Call: _call,
    ast.JoinedStr: _text,
    ast.FormattedValue: _formatted,
}
