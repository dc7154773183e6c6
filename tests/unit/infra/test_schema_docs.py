"""The generated documents are current, and the AsyncAPI document hangs together."""

import json

import pytest
from jsonschema import Draft202012Validator

from infra.schema_docs import DOCS, documents, main
from schemas.topics import INTERNAL

ASYNCAPI = json.loads((DOCS / "asyncapi.json").read_text("utf-8"))


CURRENT = documents()


@pytest.mark.parametrize("path", CURRENT, ids=lambda path: path.name)
def test_current(path):
    assert path.read_text("utf-8") == CURRENT[path], "run python -m infra.schema_docs"


def test_no_other_file_lies_among_the_schemas():
    assert set((DOCS / "schemas").iterdir()) == {
        path for path in CURRENT if path.parent.name == "schemas"
    }


def test_check_names_what_is_stale_until_it_is_written(tmp_path, capsys):
    (tmp_path / "events.md").write_text("By hand.\n", "utf-8")
    assert main(["--check"], tmp_path) == 1
    assert f"{tmp_path / 'asyncapi.json'} is out of date" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert (tmp_path / "events.md").read_text("utf-8").startswith("By hand.\n")


def test_every_topic_is_a_channel_with_messages():
    addresses = {channel["address"]: channel for channel in ASYNCAPI["channels"].values()}
    assert set(addresses) == {topic.name for topic in INTERNAL} | {"events.{domain}"}
    assert all(channel["messages"] for channel in addresses.values())
    assert all(channel["description"] for channel in addresses.values())


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from references(item)


def test_every_reference_leads_somewhere():
    found = set(references(ASYNCAPI))
    assert len(found) > 20
    for reference in found:
        if reference.startswith("./"):
            assert (DOCS / reference).is_file(), reference
            continue
        node = ASYNCAPI
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_schemas_are_json_schemas():
    for path in (DOCS / "schemas").iterdir():
        Draft202012Validator.check_schema(json.loads(path.read_text("utf-8")))
    for schema in ASYNCAPI["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
