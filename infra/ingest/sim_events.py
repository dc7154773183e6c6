"""Makers of simulated events, one for each event type. All draws come from the one generator they are given."""
from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from infra.ingest.sim_clock import DAY_MS, TimeText
from infra.ingest.sim_people import Person
from schemas.money import SCALE, minor_step
from schemas.plan import Plan

Event = dict[str, Any]
Make = Callable[[Person, int], Event]
#: Takes an event that is to arrive later, and when.
Later = Callable[[int, Event], None]

_PRODUCTS = tuple(f"P-{number:03}" for number in range(1, 61))
_CHANNELS = ("store", "online", "partner", "phone", "fair")
_COURSES = ("closing", "negotiation", "safety", "product", "service-basics", "quality")
_COMPONENTS = ("gearbox", "controller", "housing", "firmware", "display")
_REASONS = ("damaged", "wrong item", "changed mind", "late")
_SIGMA = 0.9  # of the logarithm of an amount


class EventMaker:
    """Makes the events of one company. ``median`` is the amount of a usual sale, in currency units."""

    def __init__(self, plan: Plan, source: str, rng: Random, median: float, customers: int, split: float,
                 refund: float, later: Later):
        self.rng, self.source, self.currency, self.later = rng, source, plan.currency, later
        self.median, self.customers, self.split, self.refund = median, customers, split, refund
        self.step = minor_step(plan.currency)
        self.digits = len(str(SCALE // self.step)) - 1
        self.text, self.plan = TimeText(), plan
        self.numbers: dict[str, count] = {"refund": count(1)}

    def maker(self, kind: str) -> Make:
        """The maker of events of type ``kind``: a method here, or by the plan's declaration."""
        self.numbers[kind] = count(1)
        return getattr(self, f"_{kind}", None) or self._own(kind)

    def _event(self, kind: str, now: int, data: dict[str, Any], subject: str) -> Event:
        return {
            "specversion": "1.0", "id": f"sim-{kind}-{next(self.numbers[kind]):06}", "source": self.source,
            "type": kind, "time": self.text(now), "subject": subject, "data": data,
        }

    def _customer(self) -> str:
        draw = self.rng.random()  # few customers come often
        return f"C-{int(draw * draw * self.customers):05}"

    def _pick(self, values: tuple[str, ...]) -> str:
        return values[int(self.rng.random() * len(values))]

    def _sale(self, person: Person, now: int) -> Event:
        units = self.median * person.skill * math.exp(self.rng.gauss(0.0, _SIGMA))
        steps = max(1, int(units * SCALE / self.step))
        customer, draw = self._customer(), self.rng.random
        data: dict[str, Any] = {"amount": Decimal(steps).scaleb(-self.digits) if self.digits else steps,
                                "currency": self.currency, "customer": customer, "product": self._pick(_PRODUCTS),
                                "channel": self._pick(_CHANNELS), "quantity": 1 + int(draw() * draw() * 8)}
        if person.mates and draw() < self.split:
            part = 50 + 10 * int(draw() * 4)
            mate = person.mates[int(draw() * len(person.mates))]
            data["splits"] = [{"employee": person.id, "percent": part}, {"employee": mate, "percent": 100 - part}]
        else:
            data["employee"] = person.id
        event = self._event("sale", now, data, customer)
        if draw() < self.refund:
            self._refunded(event, now, steps)
        return event

    def _refunded(self, sale: Event, now: int, steps: int) -> None:
        """Part or all of a sale comes back one to twenty days later."""
        draw = self.rng.random
        when = now + int((1 + draw() * 19) * DAY_MS)
        if draw() < 0.5:
            steps = max(1, int(steps * (0.1 + 0.8 * draw())))
        data = {"sale_id": sale["id"], "amount": Decimal(steps).scaleb(-self.digits) if self.digits else steps,
                "currency": self.currency, "reason": self._pick(_REASONS)}
        self.later(when, self._event("refund", when, data, sale["subject"]))

    def _ticket_resolved(self, person: Person, now: int) -> Event:
        draw, customer = self.rng.random, self._customer()
        minutes = 2 + int(45 * math.exp(self.rng.gauss(0.5 - person.quality, 0.8)) / person.skill)
        priority = 1 + int(4 * draw() ** 0.5)
        return self._event("ticket_resolved", now, {
            "employee": person.id, "minutes": minutes, "priority": f"P{priority}",
            "within_sla": minutes <= 30 * priority, "reopened": draw() < 0.12 * (1.1 - person.quality),
            "customer": customer}, customer)

    def _complaint(self, person: Person, now: int) -> Event:
        draw, customer = self.rng.random, self._customer()
        severity = "high" if draw() < 0.3 * (1.2 - person.quality) else "low"
        return self._event("complaint", now, {
            "employee": person.id, "severity": severity, "customer": customer,
            "upheld": draw() < 0.8 - 0.6 * person.quality}, customer)

    def _survey_answer(self, person: Person, now: int) -> Event:
        customer = self._customer()
        score = min(100, max(0, round(self.rng.gauss(58 + 40 * person.quality, 11))))
        return self._event("survey_answer", now, {
            "employee": person.id, "score": score, "survey": "satisfaction", "customer": customer}, customer)

    def _delivery(self, person: Person, now: int) -> Event:
        draw, customer = self.rng.random, self._customer()
        on_time = draw() < 0.6 + 0.38 * person.quality
        quantity = 1 + int(draw() * 200)
        return self._event("delivery", now, {
            "employee": person.id, "on_time": on_time, "days_late": 0 if on_time else 1 + int(draw() * 9),
            "quantity": quantity, "rejected": int(quantity * draw() * 0.1 * (1.1 - person.quality)),
            "customer": customer}, customer)

    def _defect(self, person: Person, now: int) -> Event:
        draw, component = self.rng.random, self._pick(_COMPONENTS)
        return self._event("defect", now, {
            "employee": person.id, "severity": "major" if draw() < 0.2 else "minor", "count": 1 + int(draw() * 3),
            "component": component}, component)

    def _lead(self, person: Person, now: int) -> Event:
        customer = self._customer()
        return self._event("lead", now, {
            "employee": person.id, "channel": self._pick(_CHANNELS),
            "converted": self.rng.random() < 0.12 + 0.15 * person.skill, "customer": customer}, customer)

    def _visit(self, person: Person, now: int) -> Event:
        customer = self._customer()
        return self._event("visit", now, {
            "employee": person.id, "customer": customer, "minutes": 10 + int(self.rng.random() * 80)}, customer)

    def _training_completed(self, person: Person, now: int) -> Event:
        course = self._pick(_COURSES)
        score = min(100, max(0, round(self.rng.gauss(80, 10))))
        return self._event("training_completed", now, {
            "employee": person.id, "course": course, "score": score, "hours": 1 + int(self.rng.random() * 8)}, course)

    def _own(self, name: str) -> Make:
        """Maker of an event type that the plan declares: every field filled by its kind."""
        fields = self.plan.events[name].fields

        def make(person: Person, now: int) -> Event:
            draw = self.rng.random
            values = {"number": lambda: 1 + int(draw() * 100), "boolean": lambda: draw() < 0.5,
                      "string": lambda: f"v{int(draw() * 5)}"}
            data = {"employee": person.id} | {field: values[kind]() for field, kind in fields.items()}
            return self._event(name, now, data, person.id)

        return make
