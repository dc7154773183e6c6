"""Mappings of foreign JSON: paths, lookups, numbers, times, and what is refused with which path."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.decode import EventDecoder, Rejected
from schemas.event_types import EventTypes
from schemas.mapping import TopicMapping, steps_of
from tests.depth import examples

TYPES = EventTypes()
DECODER = EventDecoder(TYPES)
BASE = {
    "source": {"constant": "till"},
    "id": "nr",
    "type": {"path": "kind", "values": {"S": "sale", "1": "visit"}},
    "time": "at",
    "data": {"employee": "clerk.id", "amount": "sum", "currency": {"constant": "CNY"}},
}
RECORD = {"nr": "A-1", "kind": "S", "at": "2026-03-31T17:30:00+08:00", "clerk": {"id": "E1"}, "sum": 12.5}


def read(mapping=(), record=(), data=()):
    spec = BASE | dict(mapping) | {"data": BASE["data"] | dict(data)}
    value = json.dumps(RECORD | dict(record)).encode()
    return DECODER.event(value, TopicMapping.model_validate(spec).reshape(TYPES))


def refused(mapping=(), record=(), data=()):
    with pytest.raises(Rejected) as error:
        read(mapping, record, data)
    return error.value.reason, error.value.detail


def test_paths():
    assert steps_of("a.b[0][12].c") == ("a", "b", 0, 12, "c")
    for wrong in ("", ".a", "a..b", "a[", "a[x]", "a[-1]", "[0]", "a.", "a]b"):
        with pytest.raises(ValueError, match="no path"):
            steps_of(wrong)


def test_a_whole_record():
    event = read()
    assert (event.source, event.id, event.type, event.data.employee, event.data.currency) == (
        "till",
        "A-1",
        "sale",
        "E1",
        "CNY",
    )
    assert event.data.amount * 100 == 1250


def test_numbers_as_ids_and_ids_of_several_parts():
    assert read(record={"nr": 1001}).id == "1001"
    assert read({"id": {"paths": ["nr", "lines[0].no"]}}, {"lines": [{"no": 7}]}).id == "A-1-7"
    assert read({"id": {"paths": ["nr", "kind"], "joined_by": "/"}}).id == "A-1/S"
    assert (
        "id: the record has nothing at nr + lines[0].no"
        in refused({"id": {"paths": ["nr", "lines[0].no"]}})[1]
    )


@pytest.mark.parametrize(
    ("path", "record"),
    [
        ("x", {}),
        ("x.y", {"x": 1}),
        ("x[0]", {"x": []}),
        ("x[0]", {"x": {"0": 1}}),
        ("x.y", {"x": [1]}),
        ("x", {"x": None}),
    ],
)
def test_a_path_that_leads_nowhere(path, record):
    assert refused(record=record, data={"amount": path}) == (
        "unmapped",
        f"data.amount: the record has nothing at {path}.",
    )
    assert read(record=record, data={"customer": {"path": path, "optional": True}}).data.customer is None
    assert read(record=record, data={"customer": {"path": path, "default": "none"}}).data.customer == "none"


@pytest.mark.parametrize("record", [[], 1, "x", None, True, [[1]]])
def test_records_that_are_no_objects(record):
    mapping = TopicMapping.model_validate(BASE).reshape(TYPES)
    with pytest.raises(Rejected, match="unmapped"):
        DECODER.event(json.dumps(record).encode(), mapping)


def test_types_are_looked_up():
    assert read(record={"kind": 1}).type == "visit"
    assert refused(record={"kind": "Q"}) == ("unmapped", "type from kind: expected one of S, 1, got 'Q'.")
    assert refused({"type": {"constant": "bribe"}})[0] == "unknown_type"


@pytest.mark.parametrize(
    ("written", "options", "amount"),
    [
        (1999, {"divide_by": 100}, "19.99"),
        ("1999", {"divide_by": 100}, "19.99"),
        (1, {"divide_by": 10000}, "0.0001"),
        (90, {"divide_by": 60}, "1.5"),
        (9_999_999_999, {"divide_by": 100}, "99999999.99"),
        (0, {"divide_by": 7}, "0"),
        ("1.234,50", {"decimal_separator": ",", "group_separator": "."}, "1234.5"),
        ("12,5", {"decimal_separator": ","}, "12.5"),
        ("1,234,567.8", {"group_separator": ","}, "1234567.8"),
        ("1234.5", {"group_separator": ","}, "1234.5"),
        (" 5 ", {}, "5"),
        (12.25, {}, "12.25"),
    ],
)
def test_numbers(written, options, amount):
    found = read(record={"sum": written}, data={"amount": {"path": "sum", **options}}).data.amount
    assert str(found.normalize()) == amount


@pytest.mark.parametrize(
    ("written", "options", "message"),
    [
        (1, {"divide_by": 3}, "divides by 3 within 4 decimals"),
        (0.001, {"divide_by": 100}, "within 4 decimals"),
        ("1.5", {"decimal_separator": ","}, "decimal separator ,"),
        ("1,23", {"group_separator": ","}, "groups of three"),
        ("abc", {}, "a number"),
        (True, {}, "a number"),
        ([], {}, "a number"),
        ("1e999999", {"divide_by": 100}, "at most"),
        ("1e-999999", {"divide_by": 100}, "at most"),
        ("1" * 5000, {"divide_by": 100}, "at most"),
    ],
)
def test_numbers_that_cannot_be_mapped(written, options, message):
    reason, detail = refused(record={"sum": written}, data={"amount": {"path": "sum", **options}})
    assert reason == "unmapped"
    assert detail.startswith("data.amount from sum: ")
    assert message in detail


@pytest.mark.parametrize(
    ("written", "options", "iso"),
    [
        (1774949400, {"epoch": "s"}, "2026-03-31T09:30:00+00:00"),
        (1774949400123, {"epoch": "ms"}, "2026-03-31T09:30:00.123000+00:00"),
        ("1774949400", {"epoch": "s"}, "2026-03-31T09:30:00+00:00"),
        (1774949400.5, {"epoch": "s"}, "2026-03-31T09:30:00.500000+00:00"),
        (
            "31.03.2026 17:30",
            {"formats": ["%d.%m.%Y %H:%M"], "zone": "Asia/Shanghai"},
            "2026-03-31T09:30:00+00:00",
        ),
        ("2026/03/31", {"formats": ["%d.%m.%Y", "%Y/%m/%d"], "zone": "UTC"}, "2026-03-31T00:00:00+00:00"),
        ("2026-03-31 17:30+0800", {"formats": ["%Y-%m-%d %H:%M%z"]}, "2026-03-31T09:30:00+00:00"),
        (20260331, {"formats": ["%Y%m%d"], "zone": "Asia/Shanghai"}, "2026-03-30T16:00:00+00:00"),
    ],
)
def test_times(written, options, iso):
    assert read({"time": {"path": "at", **options}}, {"at": written}).time.isoformat() == iso


@pytest.mark.parametrize(
    ("written", "options", "reason"),
    [
        ("31/03/2026", {"formats": ["%d.%m.%Y"], "zone": "UTC"}, "unmapped"),
        (10**30, {"epoch": "s"}, "unmapped"),
        (-1, {"epoch": "ms"}, "unmapped"),
        (True, {"epoch": "s"}, "unmapped"),
        ({}, {}, "unmapped"),
        ("2026-03-31", {}, "invalid_envelope"),
        ("31.03.1989", {"formats": ["%d.%m.%Y"], "zone": "UTC"}, "invalid_envelope"),
    ],
)
def test_times_that_cannot_be_mapped(written, options, reason):
    assert refused({"time": {"path": "at", **options}}, {"at": written})[0] == reason


def test_booleans_from_texts():
    late = {"path": "late", "values": {"Y": False, "N": True}}
    spec = {"type": {"constant": "delivery"}}
    assert read(spec, {"late": "N"}, {"on_time": late}).data.on_time is True
    assert refused(spec, {"late": "?"}, {"on_time": late})[1] == (
        "data.on_time from late: expected one of Y, N, got '?'."
    )
    assert refused(spec, {"late": "N"}, {"on_time": "late"})[0] == "invalid_payload"


def test_fields_that_a_type_does_not_have_are_left_out():
    assert read(record={"kind": 1}, data={"amount": "nowhere"}).data.employee == "E1"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "exactly one of path, paths and constant"),
        ({"path": "a", "constant": 1}, "exactly one"),
        ({"path": "a[b]"}, "no path"),
        ({"path": "a", "zone": "Mars/Base"}, "no time zone"),
        ({"path": "a", "formats": ["%d"]}, "needs zone"),
        ({"path": "a", "formats": ["%z"], "epoch": "s"}, "either formats or epoch"),
        ({"path": "a", "decimal_separator": ",", "group_separator": ","}, "the same"),
        ({"path": "a", "colour": 1}, "colour"),
        ({"path": "a", "divide_by": 0}, "divide_by"),
    ],
)
def test_mappings_that_make_no_sense(source, message):
    with pytest.raises(ValidationError, match=message):
        TopicMapping.model_validate(BASE | {"time": source})


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
    | st.sampled_from(["S", "1e999999", "31.03.2026", "1,5", "9" * 50, 10**40]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(RECORD)), inner, max_size=5)
    ),
)
ODD = TopicMapping.model_validate(
    {
        "source": {"path": "nr", "default": 1.5},
        "id": {"paths": ["nr", "clerk.id"]},
        "type": BASE["type"],
        "time": {"path": "at", "epoch": "ms"},
        "subject": "clerk",
        "data": {
            "employee": "clerk.id[0]",
            "amount": {"path": "sum", "divide_by": 7, "group_separator": ","},
            "channel": {"path": "nr", "formats": ["%d.%m.%Y"], "zone": "UTC"},
        },
    }
)


@given(st.dictionaries(st.sampled_from(sorted(RECORD)), ANY_JSON) | ANY_JSON)
@examples(100, derandomize=True)
def test_whatever_the_record_it_is_an_event_or_rejected(record):
    value = json.dumps(record).encode()
    for mapping in (ODD, TopicMapping.model_validate(BASE)):
        decoded = DECODER.batch([value], mapping.reshape(TYPES))
        assert len(decoded.places) + len(decoded.rejected) == 1
