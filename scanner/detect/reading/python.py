"""Python by its own parser: literals with the names they are bound to, constants followed inside the file."""

import ast
import warnings
from collections.abc import Iterator

from scanner.detect.reading.literal import Call, Import, Literal, Reading, Unreadable

DEEPEST = 150


def read(text: str) -> Reading:
    """A module. Raises Unreadable where it is no Python of this or the last major version."""
    tree = _parsed(text)
    reader = _Reader(_constants(tree))
    reader.visit(tree, _Bound())
    return reader.reading


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"not Python: {type(error).__name__}") from None


def _constants(tree: ast.Module) -> dict[str, str]:
    """Names that are given one text, once, anywhere in the module."""
    found: dict[str, str | None] = {}
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Name):
                value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
                text = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
                found[target.id] = text if target.id not in found else None
    return {name: text for name, text in found.items() if text is not None}


class _Bound:
    """What surrounds a node."""

    __slots__ = ("callee", "group", "key", "member", "path")

    def __init__(self, key: str = "", callee: str = "", path: tuple[str, ...] = (), group: int = 0, member: bool = False) -> None:
        self.key, self.callee, self.path, self.group, self.member = key, callee, path, group, member


class _Reader:
    """Walks a module once, downwards, with what surrounds each node."""

    def __init__(self, constants: dict[str, str]) -> None:
        self.constants = constants
        self.reading = Reading()
        self.groups = 0

    def visit(self, node: ast.AST, bound: _Bound, depth: int = 0) -> None:
        """One node and what is below it."""
        if depth > DEEPEST:
            return
        enter = getattr(self, f"_{type(node).__name__.lower()}", None)
        for child, below in enter(node, bound) if enter else ((child, bound) for child in ast.iter_child_nodes(node)):
            self.visit(child, below, depth + 1)

    def _literal(self, text: str, line: int, bound: _Bound) -> None:
        self.reading.literals.append(Literal(text, line, bound.key, bound.callee, bound.path, bound.group, bound.member))

    def _constant(self, node: ast.Constant, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        if isinstance(node.value, str):
            self._literal(node.value, node.lineno, bound)
        yield from ()

    def _joinedstr(self, node: ast.JoinedStr, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        text = "".join(self._piece(part) for part in node.values)
        self._literal(text, node.lineno, bound)
        yield from ()

    def _piece(self, part: ast.expr) -> str:
        if isinstance(part, ast.Constant):
            return str(part.value)
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        return self.constants.get(inner.id, "${?}") if isinstance(inner, ast.Name) else "${?}"

    def _name(self, node: ast.Name, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        if bound.callee and bound.key and node.id in self.constants:
            self._literal(self.constants[node.id], node.lineno, bound)
        yield from ()

    def _expr(self, node: ast.Expr, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        if not isinstance(node.value, ast.Constant):
            yield node.value, bound

    def _assign(self, node: ast.Assign, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        yield node.value, _Bound(_dotted(node.targets[0]), "", bound.path)

    def _annassign(self, node: ast.AnnAssign, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        if node.value:
            yield node.value, _Bound(_dotted(node.target), "", bound.path)
        yield node.annotation, _Bound(_dotted(node.target), "", bound.path)

    def _namedexpr(self, node: ast.NamedExpr, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        yield node.value, _Bound(node.target.id, bound.callee, bound.path)

    def _call(self, node: ast.Call, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        callee = _dotted(node.func)
        self.reading.calls.append(Call(callee, node.lineno))
        yield node.func, bound
        for number, argument in enumerate(node.args):
            yield argument, _Bound(f"#{number}", callee, bound.path, bound.group)
        for keyword in node.keywords:
            yield keyword.value, _Bound(keyword.arg or "", callee, bound.path)

    def _dict(self, node: ast.Dict, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        self.groups += 1
        group = self.groups
        for key, value in zip(node.keys, node.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
            path = (*bound.path, bound.key) if bound.key else bound.path
            if key is not None:
                yield key, _Bound(bound.key, bound.callee, path, group, member=True)
            yield value, _Bound(name or bound.key, bound.callee, path, 0)

    def _elements(self, node: ast.List | ast.Tuple | ast.Set, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        self.groups += 1
        group = self.groups
        for element in node.elts:
            yield element, _Bound(bound.key, bound.callee, bound.path, group, member=True)

    _list = _tuple = _set = _elements

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, _: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        positional = [*node.args.posonlyargs, *node.args.args]
        for argument, default in zip(positional[len(positional) - len(node.args.defaults) :], node.args.defaults, strict=True):
            yield default, _Bound(argument.arg)
        for argument, default_or_none in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            if default_or_none is not None:
                yield default_or_none, _Bound(argument.arg)
        for part in (*node.decorator_list, *node.body):
            yield part, _Bound()

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef, _: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        for base in node.bases:
            self.reading.calls.append(Call(f"class:{_dotted(base)}", node.lineno))
        for part in (*node.decorator_list, *node.keywords, *node.body):
            yield part, _Bound()

    def _compare(self, node: ast.Compare, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        key = _dotted(node.left)
        yield node.left, bound
        for comparator in node.comparators:
            yield comparator, _Bound(key, "==", bound.path)

    def _subscript(self, node: ast.Subscript, bound: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        yield node.value, bound
        yield node.slice, _Bound(_dotted(node.value), "[]", bound.path, bound.group, member=True)

    def _import(self, node: ast.Import, _: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        self.reading.imports += [Import("python", name.name, node.lineno) for name in node.names]
        yield from ()

    def _importfrom(self, node: ast.ImportFrom, _: _Bound) -> Iterator[tuple[ast.AST, _Bound]]:
        if node.module and not node.level:
            self.reading.imports.append(Import("python", node.module, node.lineno, tuple(name.name for name in node.names)))
        yield from ()


def _dotted(node: ast.AST) -> str:
    """`openai.chat.create` of a call's function; the last known names of anything longer."""
    names: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                names.append(node.slice.value)
            node = node.value
        else:
            break
        if len(names) > 12:
            break
    if isinstance(node, ast.Name):
        names.append(node.id)
    return ".".join(reversed(names))
