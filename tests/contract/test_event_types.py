"""Every event type, built in or declared: its example holds everywhere, and everything is described."""

import json

import msgspec
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from infra.schema_docs import DOCS, event_schema
from schemas.columns import event_columns
from schemas.decode import EventDecoder, Rejected, parse_json
from schemas.event_types import EventTypes, field_names, payload_rules
from schemas.events import BUILT_IN
from schemas.plan import EventType

DECLARED = {
    "machine_stop": EventType(
        fields={"machine": "string", "minutes": "number", "planned": "boolean"}, required=("machine",)
    )
}
TYPES = EventTypes(DECLARED)
DECODER = EventDecoder(TYPES)
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_WRONG = {"number": ["x", True, [], "NaN"], "string": [1, True, "x" * 201], "boolean": [0, "true", "false"]}

FIELDS = [
    (name, field, rule.kind) for name in TYPES for field, rule in payload_rules(TYPES.payloads[name]).items()
]


def event(name, drop=None, **data):
    changed = TYPES.example(name)
    changed["data"] = {key: value for key, value in (changed["data"] | data).items() if key != drop}
    return changed


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_example_is_valid_by_model_and_by_json_schema(name):
    value = _ENCODE(event(name))
    assert DECODER.event(value).type == name
    schema = event_schema(TYPES, name)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(value))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_example_shows_every_field_but_alternatives(name):
    fields = set(field_names(TYPES.payloads[name]))
    alternatives = {"splits", "sale_source"} | ({"employee"} if name == "correction" else set())
    assert fields - set(TYPES.payloads[name].example) <= alternatives


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_example_goes_the_fast_way_with_the_values_of_the_model(name):
    value = _ENCODE(event(name))
    structs = DECODER._decode([value])
    assert structs != [None]
    rows, _, ok = event_columns(structs, DECODER._shapes)
    assert ok.all()
    again, _, _ = event_columns([DECODER._by_name[name].struct(DECODER.event(value))], DECODER._shapes)
    assert rows.equals(again)


@pytest.mark.parametrize(("name", "field", "kind"), FIELDS)
def test_a_value_of_another_kind_is_rejected_by_model_and_by_json_schema(name, field, kind):
    validator = Draft202012Validator(event_schema(TYPES, name))
    for wrong in _WRONG[kind]:
        value = event(name, **{field: wrong})
        with pytest.raises(Rejected) as refused:
            DECODER.event(_ENCODE(value))
        assert refused.value.reason == "invalid_payload"
        assert f"data.{field}: " in refused.value.detail
        assert not validator.is_valid(json.loads(_ENCODE(value)))
        assert DECODER.batch([_ENCODE(value)]).rejected[0].detail == refused.value.detail


@pytest.mark.parametrize(("name", "field", "kind"), FIELDS)
def test_leaving_a_field_out_means_the_same_everywhere(name, field, kind):
    value = event(name, drop=field)
    info = TYPES.payloads[name].model_fields[field_names(TYPES.payloads[name])[field]]
    if info.is_required():
        with pytest.raises(Rejected, match=f"data.{field}: is required"):
            DECODER.event(_ENCODE(value))
        assert not Draft202012Validator(event_schema(TYPES, name)).is_valid(json.loads(_ENCODE(value)))
    else:
        depends = (name, field) in {("sale", "employee"), ("delivery", "currency")}
        assert len(DECODER.batch([_ENCODE(value)]).rejected) == depends


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_batch_of_every_type_decodes_each_as_alone(name):
    values = [_ENCODE(event(other)) for other in TYPES]
    together, place = DECODER.batch(values), list(TYPES).index(name)
    alone = DECODER.batch([values[place]])
    assert together.rejected == {}
    assert np.array_equal(together.partition_hashes[[place]], alone.partition_hashes)
    present = {
        key: value for key, value in together.rows.slice(place, 1).to_pylist()[0].items() if value is not None
    }
    assert present == alone.rows.to_pylist()[0]


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_type_and_field_is_described(name):
    page = (DOCS / "events.md").read_text("utf-8")
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert section, f"docs/events.md has no section on {name}"
    assert all(f"`{field}`" in section for field in field_names(BUILT_IN[name]))
    assert TYPES.payloads[name].__doc__ in section.replace("`", "``")
    schema = json.loads((DOCS / "schemas" / f"{name}.json").read_text("utf-8"))
    assert schema == event_schema(TYPES, name)


def test_fractions_never_pass_through_a_binary_float():
    assert str(parse_json(b"50000.010000000000000000001")) == "50000.010000000000000000001"
    rows = DECODER.batch(
        [_ENCODE(event("sale", amount=number)) for number in ("0.0001", "99999999.9999")]
    ).rows
    assert rows.column("data.amount").to_pylist() == [1, 999_999_999_999]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"sale": EventType(fields={})}, "sale is built in"),
        ({"x": EventType(fields={"amount": "string"})}, "amount"),
        (
            {"x": EventType(fields={"a": "string"}), "y": EventType(fields={"a": "number"})},
            "field a of event type y",
        ),
        ({"x": EventType(fields={"splits": "string"})}, "splits"),
        ({"x": EventType(fields={"employee": "number"})}, "employee"),
        ({"x": EventType(fields={}, required=("a",))}, "required field a"),
    ],
)
def test_a_declaration_that_contradicts_another_type_is_refused(declared, message):
    with pytest.raises(ValueError, match=message):
        EventTypes(declared)
