"""Checks of KPI definitions: events, fields of the right kind, filters. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from schemas.plan import Kpi, Part
from schemas.plan_filters import Comparison, Where
from schemas.plan_lookup import Finding, Lookup

_NEEDS = {"sum": "number", "mean": "number", "min": "number", "max": "number", "distinct": "string"}


def check_kpis(lookup: Lookup) -> Iterator[Finding]:
    """Findings on every KPI of the plan."""
    seen: set[str] = set()
    for index, kpi in enumerate(lookup.plan.kpis):
        path = ("kpis", index)
        if kpi.id in seen:
            yield Finding((*path, "id"), f"kpi {kpi.id} is given twice")
        seen.add(kpi.id)
        yield from check_events((*path, "events"), kpi.events, lookup.fields)
        for number, period in enumerate(kpi.periods):
            yield from lookup.period((*path, "periods", number), period)
        yield from check_where(lookup, (*path, "where"), kpi.events, kpi.where)
        yield from _aggregate(lookup, path, kpi)
        if any("correction" in one.events for one in lookup.plan.kpis):
            yield from _moved(path, kpi)
        if kpi.description is None:
            yield Finding(path, "no description: people cannot tell what counts", True)
        if "unit" not in kpi.model_fields_set:
            yield Finding(path, "no unit given", True)


def check_events(path: tuple, events: tuple[str, ...], known) -> Iterator[Finding]:
    """Findings on the names of event types."""
    for number, event in enumerate(events):
        if event not in known:
            yield Finding.unknown((*path, number), "event type", event, known)
        if event in events[:number]:
            yield Finding((*path, number), f"event type {event} is given twice")


def _aggregate(lookup: Lookup, path: tuple, kpi: Kpi) -> Iterator[Finding]:
    if kpi.aggregate in _NEEDS:
        if kpi.field is None:
            yield Finding(path, f"aggregate {kpi.aggregate} needs a field")
        else:
            yield from check_field(lookup, (*path, "field"), kpi.events, kpi.field, _NEEDS[kpi.aggregate])
    elif kpi.field is not None:
        where = (
            "its numerator and denominator name theirs" if kpi.aggregate == "ratio" else "it counts events"
        )
        yield Finding((*path, "field"), f"aggregate {kpi.aggregate} takes no field: {where}")
    for side in ("numerator", "denominator"):
        part = getattr(kpi, side)
        if part is None and kpi.aggregate == "ratio":
            yield Finding(path, f"aggregate ratio needs a {side}")
        elif part is not None and kpi.aggregate != "ratio":
            yield Finding((*path, side), f"only aggregate ratio takes a {side}")
        elif part is not None:
            yield from _part(lookup, (*path, side), kpi, part)


def _moved(path: tuple, kpi: Kpi) -> Iterator[Finding]:
    """What does not follow a sale that a correction gives to others: of the sale its amount alone is remembered."""
    found = [(path, "aggregate", f"a {kpi.aggregate}")] if kpi.aggregate in ("mean", "min", "max", "distinct") else []
    fields = [(path, kpi)] if kpi.aggregate == "sum" else []
    fields += [((*path, side), part) for side in ("numerator", "denominator") if (part := getattr(kpi, side))]
    found += [
        (place, "field", f"a sum of {one.field}")
        for place, one in fields
        if one.field not in (None, "amount") and "sale" in (one.events or kpi.events)
    ]
    for place, name, what in found if "sale" in kpi.events else ():
        message = f"where a correction gives a sale to others, {what} stays with those whom the sale first named"
        yield Finding((*place, name), message, True)


def _part(lookup: Lookup, path: tuple, kpi: Kpi, part: Part) -> Iterator[Finding]:
    for number, event in enumerate(part.events):
        if event not in kpi.events:
            yield Finding.unknown(
                (*path, "events", number), "event type among the KPI's own", event, kpi.events
            )
    events = part.events or kpi.events
    if part.field is not None:
        yield from check_field(lookup, (*path, "field"), events, part.field, "number")
    yield from check_where(lookup, (*path, "where"), events, part.where)


def check_field(
    lookup: Lookup, path: tuple, events: tuple[str, ...], field: str, needed: str
) -> Iterator[Finding]:
    """Findings on a field that each of ``events`` must have, of the kind ``needed``."""
    for event in events:
        if event not in lookup.fields:
            continue
        kind = lookup.fields[event].get(field)
        if kind is None:
            yield Finding.unknown(path, f"field in {event}", field, lookup.fields[event])
        elif kind != needed:
            yield Finding(path, f"field {field} of {event} is a {kind}; expected a {needed}")


def check_where(lookup: Lookup, path: tuple, events: tuple[str, ...], where: Where) -> Iterator[Finding]:
    """Findings on a filter of ``events``: fields that there are, conditions that fit them."""
    known = {event: lookup.fields[event] for event in events if event in lookup.fields}
    for field, condition in where.items():
        kinds = {fields[field] for fields in known.values() if field in fields}
        lacking = [event for event, fields in known.items() if field not in fields]
        if known and not kinds:
            every = {name for fields in known.values() for name in fields}
            yield Finding.unknown((*path, field), f"field in {', '.join(known)}", field, every)
        elif lacking:
            yield Finding(
                (*path, field),
                f"{', '.join(lacking)} has no field {field}, so none of these will match",
                True,
            )
        for kind in sorted(kinds):
            yield from _condition((*path, field), condition, kind)


def _condition(path: tuple, condition: object, kind: str) -> Iterator[Finding]:
    if isinstance(condition, Comparison):
        if kind != "number":
            yield Finding(path, f"bounds need a number field; this one is a {kind}")
        elif not condition.model_fields_set:
            yield Finding(path, "expected at least one of gt, gte, lt, lte")
        return
    values = condition if isinstance(condition, tuple) else (condition,)
    if not values:
        yield Finding(path, "an empty list matches nothing")
    for value in values:
        if not _fits(value, kind):
            hint = f'; write "{value}" with quotes' if kind == "string" else ""
            yield Finding(path, f"{value!r} is no {kind}{hint}")


def _fits(value: object, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    try:
        return not isinstance(value, bool) and Decimal(value).is_finite()
    except (InvalidOperation, ValueError, TypeError):
        return False
