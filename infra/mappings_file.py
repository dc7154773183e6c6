"""The settings file of topic mappings: topic → how its JSON becomes events."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from schemas.mapping import TopicMapping
from schemas.yaml_source import YamlProblem, read_yaml

_MAPPINGS = TypeAdapter(dict[str, TopicMapping])


def load_mappings(path: Path | None) -> dict[str, TopicMapping]:
    """Mappings by topic; raises ValueError naming file, line and setting of every problem."""
    if path is None:
        return {}
    from infra.ingest.import_mapping import problem_lines  # most workers have none: a tenth of their start

    try:
        source = read_yaml(path.read_text(encoding="utf-8"))
        return _MAPPINGS.validate_python(source.value)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8") from error
    except YamlProblem as problem:
        raise ValueError(f"{path}:{problem.place.line}: {problem.message}") from problem
    except ValidationError as error:
        raise ValueError("\n".join(problem_lines(path, source, error))) from error
