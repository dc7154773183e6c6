"""Reading the settings file of alerts: every problem with file, line and setting; secrets from where it points."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from schemas.yaml_source import Source, YamlProblem, read_yaml
from sinks.alerts.config import AlertSettings, Channel, Route


class AlertSettingsError(ValueError):
    """The settings file cannot be used; one line for each problem."""


def default_settings(text_file: Path) -> AlertSettings:
    """Without a file: everything to standard output and to a text file."""
    return AlertSettings(
        channels={"console": Channel(console=True), "file": Channel(file=str(text_file))},
        routes=(Route(to=("console", "file")),),
    )


def load_alert_settings(path: Path | None, text_file: Path, secrets: bool = True) -> AlertSettings:
    """Settings of ``path``, or the default where there is none; raises AlertSettingsError.

    Without ``secrets`` it does not matter whether they can be found: for who only looks on.
    """
    if path is None:
        return default_settings(text_file)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AlertSettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AlertSettingsError(f"{path}: expected UTF-8 text") from error
    return parse(text, str(path), os.environ if secrets else None)


def parse(text: str, filename: str, environment: Mapping[str, str] | None) -> AlertSettings:
    """Settings of a YAML text; raises AlertSettingsError. With an environment, references must lead somewhere."""
    try:
        source = read_yaml(text)
    except YamlProblem as problem:
        raise AlertSettingsError(f"{filename}:{problem.place.line}: {problem.message}") from problem
    problems = [(one.path, one.message) for one in source.problems]
    settings = None
    try:
        settings = AlertSettings.model_validate(source.value)
    except ValidationError as error:
        problems += _explained(error)
    if settings is not None:
        problems += _unknown_channels(settings)
        problems += [] if environment is None else _references(settings, environment)
    if problems or settings is None:
        ordered = sorted(problems, key=lambda one: (source.place(one[0]), one[1]))
        raise AlertSettingsError("\n".join(_line(filename, source, *one) for one in ordered))
    return settings


#: pydantic's error types in the words of those who write the file; anything else keeps pydantic's own sentence.
_WORDS = {
    "missing": "required, but not given",
    "extra_forbidden": "no such setting",
    "too_short": "expected at least one entry",
    "tuple_type": "expected a list",
    "dict_type": "expected settings, one 'key: value' a line",
    "model_type": "expected settings, one 'key: value' a line",
    "string_type": "expected a text",
}


def _explained(error: ValidationError) -> list[tuple[tuple, str]]:
    # without the input: it may hold a secret
    found = error.errors(include_url=False, include_input=False)
    places = [tuple(one["loc"]) for one in found]
    explained = []
    for one, place in zip(found, places, strict=True):
        # a list whose entries are wrong is not short of entries
        hollow = any(other[: len(place)] == place and other != place for other in places)
        if one["type"] == "too_short" and hollow:
            continue
        if one["type"] == "literal_error":
            words = f"expected {one['ctx']['expected']}"
        else:
            words = _WORDS.get(one["type"]) or one["msg"].removeprefix("Value error, ")
        explained.append((place, words))
    return explained


def _line(filename: str, source: Source, path: tuple, message: str) -> str:
    setting = ".".join(map(str, path)) or "file"
    return f"{filename}:{source.place(path).line}: {setting}: {message}"


def _unknown_channels(settings: AlertSettings) -> list[tuple[tuple, str]]:
    return [
        (("routes", number, "to", place), f"no channel {name!r}; there are {', '.join(settings.channels)}")
        for number, route in enumerate(settings.routes)
        for place, name in enumerate(route.to)
        if name not in settings.channels
    ]


def _references(settings: AlertSettings, environment: Mapping[str, str]) -> list[tuple[tuple, str]]:
    problems = []
    for name, channel in settings.channels.items():
        for field in ("apprise", "webhook", "secret"):
            try:
                resolve(getattr(channel, field), environment)
            except ValueError as error:
                problems.append((("channels", name, field), str(error)))
    return problems


def resolve(reference: str | None, environment: Mapping[str, str]) -> str:
    """What ``${NAME}`` or ``file:PATH`` stands for, '' for None, another text as it is; raises ValueError."""
    if reference is None:
        return ""
    if reference.startswith("${") and reference.endswith("}"):
        value = environment.get(reference[2:-1], "")
        if not value:
            raise ValueError(f"the environment variable {reference[2:-1]} is not set")
        return value
    if reference.startswith("file:"):
        path = reference.removeprefix("file:")
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', 'not UTF-8 text')}") from error
        if not value:
            raise ValueError(f"{path} is empty")
        return value
    return reference
