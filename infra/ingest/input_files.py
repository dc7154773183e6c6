"""The input files of an import: plain, in folders, or inside .zip archives; read as rows of text with line numbers."""
from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from infra.ingest.import_mapping import MappingError
from infra.ingest.mapping_models import Table

#: Called with the bytes read since the last call.
OnBytes = Callable[[int], None]
#: Rows between two calls of OnBytes.
_REPORT_EVERY = 2_000


@dataclass(frozen=True)
class InputFile:
    """One file, or one member of a zip archive. ``size`` in bytes, unpacked."""

    path: Path
    member: str | None
    size: int

    @property
    def name(self) -> str:
        """The file's own name, without folders."""
        return Path(self.member or self.path.name).name

    @property
    def shown(self) -> str:
        """How messages name it."""
        return f"{self.path}:{self.member}" if self.member else str(self.path)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Its bytes; raises MappingError where they cannot be read."""
        try:
            if self.member is None:
                with self.path.open("rb") as file:
                    yield file
            else:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                    yield file
        except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
            raise MappingError(f"{self.shown}: cannot be read: {error}") from error


def list_files(paths: list[Path]) -> list[InputFile]:
    """Every file that ``paths`` (files, folders, archives) offer, in a stable order; raises MappingError."""
    found: list[InputFile] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(child for child in path.iterdir() if child.is_file())
        elif path.is_file():
            inside = [path]
        else:
            raise MappingError(f"{path}: no such file or folder")
        for child in inside:
            zipped = child.suffix.lower() == ".zip"
            found += _members(child) if zipped else [InputFile(child, None, child.stat().st_size)]
    return found


def _members(path: Path) -> list[InputFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except (OSError, zipfile.BadZipFile) as error:
        raise MappingError(f"{path}: is no readable zip archive: {error}") from error
    return [InputFile(path, info.filename, info.file_size) for info in members if not info.is_dir()]


def choose_file(files: list[InputFile], pattern: str) -> InputFile:
    """The one file whose name matches ``pattern`` (``*`` and ``?`` allowed, case does not matter)."""
    matching = [file for file in files if fnmatchcase(file.name.lower(), pattern.lower())]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        offered = ", ".join(sorted({file.name for file in files})) or "nothing"
        raise MappingError(f"no input file {pattern!r}; given: {offered}")
    raise MappingError(f"more than one input file {pattern!r}: {', '.join(file.shown for file in matching)}")


class _Counted(io.RawIOBase):
    """Bytes of ``file``, counting how many were read."""

    def __init__(self, file: BinaryIO):
        super().__init__()
        self.file, self.count = file, 0

    def readable(self) -> bool:
        """As io.RawIOBase asks."""
        return True

    def readinto(self, buffer) -> int:
        """As io.RawIOBase asks."""
        data = self.file.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read as one: too many or too few columns, bytes outside the encoding."""

    reason: str


def read_rows(file: InputFile, spec: Table, on_bytes: OnBytes) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Column names first, then the rows, each with the line it begins on (from 1); empty lines are left out.

    Raises MappingError where the file cannot be read at all.
    """
    with file.open() as raw:
        counted = _Counted(raw)
        # surrogateescape keeps bytes that are not of the encoding, so that one bad row does not end the file
        text = io.TextIOWrapper(io.BufferedReader(counted, 1 << 16), spec.encoding, "surrogateescape", newline="")
        yield from _rows(csv.reader(text, delimiter=spec.delimiter, strict=False), file, spec, counted, on_bytes)


def _rows(reader, file: InputFile, spec: Table, counted: _Counted, on_bytes: OnBytes) -> Iterator:
    reported, width, line = 0, len(spec.columns), 1
    if spec.columns:
        yield 0, list(spec.columns)
    while True:
        start = line
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield start, BadRow(f"not readable as a row: {error}")
            line = reader.line_num + 1
            continue
        line = reader.line_num + 1
        if line % _REPORT_EVERY == 0:
            on_bytes(counted.count - reported)
            reported = counted.count
        if not cells:
            continue
        if not width:
            width, cells = len(cells), [name.strip() for name in cells]
            _check_header(file, cells)
            yield start, cells
            continue
        yield start, _checked(cells, width, spec.encoding)
    on_bytes(counted.count - reported)
    if not width:
        raise MappingError(f"{file.shown}: is empty, expected a header line")


def _check_header(file: InputFile, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MappingError(f"{file.shown}:1: column names given twice: {', '.join(twice)}")


def _checked(cells: list[str], width: int, encoding: str) -> list[str] | BadRow:
    if len(cells) != width:
        return BadRow(f"expected {width} columns, found {len(cells)}")
    joined = "".join(cells)
    if not joined.isascii() and any("\udc80" <= char <= "\udcff" for char in joined):
        return BadRow(f"holds bytes that are not {encoding}")
    return cells
