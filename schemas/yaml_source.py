"""YAML text as plain values plus the place of every one of them, read by the rules of YAML 1.2.

Numbers keep the text they were written as (so an id 007 stays 007) and never pass through a float; dates stay
text; ``yes`` and ``on`` are texts. Aliases work, but what they expand to is bounded before it is expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from yaml import MappingNode, MarkedYAMLError, Node, ScalarNode, SequenceNode, YAMLError
from yaml.composer import Composer
from yaml.cyaml import CParser

from schemas.yaml_words import plain_words

MAX_BYTES = 32 * 1024 * 1024
#: Values a document may hold once its aliases are expanded.
MAX_VALUES = 4_000_000
MAX_DEPTH = 40
#: Longer digit strings are no amounts; they stay text and fail where a number is expected.
_MAX_DIGITS = 40

_INT = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?$")
_FULL_WIDTH = dict(zip("：，｛｝［］“”％", ":,{}[]\"\"%", strict=True))
#: Spaces that look like one and are none to YAML.
_ODD_SPACES = {"\u3000": "a full-width space", "\u00a0": "a no-break space"}
#: Line breaks to YAML 1.1, none to 1.2 nor to editors.
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")
#: What the parser notices lines after the place that is to be mended, where it began.
_NOTICED_LATE = ("could not find expected ':'", "found unexpected end of stream")
#: What the parser says of a tab where none may be.
_NO_TAB = ("tab character", "cannot start any token")
_NULL = frozenset(["", "~", "null", "Null", "NULL"])
_TRUE = frozenset(["true", "True", "TRUE"])
_FALSE = frozenset(["false", "False", "FALSE"])
_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset(
    _TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")
)

Path = tuple[str | int, ...]


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Line and column in a file, both from 1."""

    line: int
    column: int


class WrittenInt(int):
    """A whole number that remembers its text."""

    text: str


class WrittenDecimal(Decimal):
    """A number with decimals that remembers its text."""

    text: str


class YamlProblem(ValueError):
    """The text is no usable YAML: what is wrong, and where."""

    def __init__(self, message: str, place: Place = Place(1, 1), path: Path = ()):
        super().__init__(message)
        self.message, self.place, self.path = message, place, path


@dataclass
class Source:
    """Values of a document, the place of each by its path, and the problems that did not stop the reading."""

    value: object = None
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[YamlProblem] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Where ``path`` stands, or the nearest thing around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(1, 1)


class _Document(Composer, CParser):
    """The nodes of a text that libyaml reads; what a plain text stands for is decided here, not by YAML 1.1."""

    def __init__(self, text: str):
        CParser.__init__(self, text)
        Composer.__init__(self)

    def resolve(self, kind: type[Node], value: object, implicit: object) -> str:
        """No tag for what is written without one."""
        return ""

    def descend_resolver(self, parent: Node | None, index: object) -> None:
        """No tag depends on a path."""

    def ascend_resolver(self) -> None:
        """No tag depends on a path."""


def read_yaml(text: str) -> Source:
    """Values and places of one YAML document; raises YamlProblem where it cannot be read at all."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise YamlProblem(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    if odd := _ODD_BREAKS.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        said = f"an invisible line separator (U+{ord(odd[0]):04X}): take it out, or write a line break"
        raise YamlProblem(said, Place(line, odd.start() - text.rfind("\n", 0, odd.start())))
    try:
        root = _Document(text).get_single_node()
    except MarkedYAMLError as error:
        raise _syntax(error, text) from error
    except (YAMLError, UnicodeEncodeError) as error:
        raise YamlProblem(f"not valid YAML: {error}".splitlines()[0]) from error
    except RecursionError as error:
        raise YamlProblem("nested too deeply") from error
    if root is None:
        raise YamlProblem("the file is empty")
    _size(root, {}, ())
    source = Source()
    source.places[()] = _place(root)
    source.value = _value(root, (), source)
    return source


def _syntax(error: MarkedYAMLError, text: str) -> YamlProblem:
    mark, begun = error.problem_mark or error.context_mark, error.context_mark
    lines = text.splitlines() or [""]
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    if place.line > len(lines):  # the end of the text
        place = Place(len(lines), len(lines[-1]) + 1)
    line = lines[place.line - 1]
    what = " ".join(part for part in (error.context, error.problem) if part)
    at = line[place.column - 1 :]
    if at[:1] == "\t" and any(said in what for said in _NO_TAB):
        indented = not line[: place.column - 1].strip()
        said = "indented with a tab: indent with spaces" if indented else "a tab in the line: write a space instead"
        return YamlProblem(said, place)
    first = begun.line if begun and mark else place.line - 1
    around = enumerate(lines[max(first - 1, 0) : place.line], max(first, 1))
    hint = next(filter(None, (full_width(one, number) for number, one in around)), "")
    if begun and error.problem in _NOTICED_LATE:
        place = Place(begun.line + 1, begun.column + 1)
    elif first != place.line - 1:
        hint = f" (it began on line {first + 1}){hint}"
    return YamlProblem(f"not valid YAML: {plain_words(what, line, at)}{hint}", place)


def full_width(text: str, line: int = 0) -> str:
    """A hint where ``text`` has marks of a Chinese keyboard, or spaces, that YAML's own could be meant by."""
    for mark in text.partition("#")[0]:
        where = f"; line {line} has" if line else "; there is"
        if mark in _FULL_WIDTH:
            return f"{where} a full-width “{mark}”, where YAML knows only “{_FULL_WIDTH[mark]}”"
        if mark in _ODD_SPACES:
            return f"{where} {_ODD_SPACES[mark]}, where YAML knows only plain ones"
    return ""


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, SequenceNode) else []


def _size(node: Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    """Number of values under ``node`` with aliases expanded; each shared node is counted from memory."""
    if id(node) in above:
        raise YamlProblem("an alias refers to something that contains it", _place(node))
    if len(above) > MAX_DEPTH:
        raise YamlProblem("nested too deeply", _place(node))
    if id(node) not in known:
        inside = (*above, id(node))
        total = 1 + sum(_size(child, known, inside) for child in _children(node))
        if total > MAX_VALUES:
            raise YamlProblem(
                f"holds more than {MAX_VALUES:,} values once its aliases are expanded", _place(node)
            )
        known[id(node)] = total
    return known[id(node)]


def _value(node: Node, path: Path, source: Source) -> object:
    if isinstance(node, ScalarNode):
        return _scalar(node, path, source)
    if isinstance(node, SequenceNode):
        return [_item(child, (*path, index), source) for index, child in enumerate(node.value)]
    return _mapping(node, path, source)


def _item(node: Node, path: Path, source: Source) -> object:
    source.places[path] = _place(node)
    return _value(node, path, source)


def _mapping(node: MappingNode, path: Path, source: Source) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        place = _place(key_node)
        if not isinstance(key_node, ScalarNode):
            source.problems.append(YamlProblem("a key must be a plain text", place, path))
            continue
        key = key_node.value
        if key == "<<":
            source.problems.append(
                YamlProblem("merge keys (<<) are not supported: write the settings out", place, path)
            )
            continue
        inner = (*path, key)
        if key in result:
            first = source.places[inner].line
            source.problems.append(
                YamlProblem(f"{key!r} is given twice, first on line {first}{_forgotten_dash(key)}", place, inner)
            )
            continue
        source.places[inner] = (
            _place(value_node) if isinstance(value_node, ScalarNode) and value_node.value else place
        )
        result[key] = _value(value_node, inner, source)
    return result


def _forgotten_dash(key: str) -> str:
    return "; a further entry of a list begins with “- ”" if key == "id" else ""


def _scalar(node: ScalarNode, path: Path, source: Source) -> object:
    tag = node.tag
    if tag and tag not in _TAGS:
        source.problems.append(YamlProblem(f"tag {tag} is not supported", _place(node), path))
        return None
    text = node.value
    if node.style or tag == _TAG + "str":
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return _number(text)


def _number(text: str) -> WrittenInt | WrittenDecimal | str:
    if len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        number: WrittenInt | WrittenDecimal = WrittenInt(text)
    elif NUMBER.fullmatch(text):
        number = WrittenDecimal(text)
    else:
        return text
    number.text = text
    return number
