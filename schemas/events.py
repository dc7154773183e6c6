"""Business events: the CloudEvents 1.0 envelope and one payload class a type.

A new event type is one class here with an example; decoder, documents and contract tests follow from it.
Unknown payload fields and extension attributes are ignored, so that senders may add to their messages.
Source of the envelope: https://github.com/cloudevents/spec, version 1.0.2.
"""
from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.rules import (
    Attribute,
    Currency,
    EmployeeId,
    Flag,
    Name,
    NonNegative,
    Number,
    Percentage,
    Positive,
    Score,
)
from schemas.times import Time

MAX_PAYEES = 20


class Payload(BaseModel):
    """The ``data`` of an event. Fields hold a number, a text or a flag; only ``splits`` is a list."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    example: ClassVar[dict[str, Any]]
    #: Fields (id, source) that name the event this one is about; its partition follows from that id.
    refers_to: ClassVar[tuple[str, str] | None] = None
    #: Pairs of fields: where the first is given, the second must be.
    needs: ClassVar[tuple[tuple[str, str], ...]] = ()

    @model_validator(mode="after")
    def _needed(self) -> Self:
        for given, needed in self.needs:
            if getattr(self, given) is not None and getattr(self, needed) is None:
                raise PydanticCustomError("needed", "{needed} is required where {given} is given",
                                          {"given": given, "needed": needed})
        return self


class Envelope(BaseModel):
    """CloudEvents 1.0, structured: ``source`` + ``id`` identify the event, ``time`` is when it happened."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: Attribute
    source: Attribute
    type: Attribute
    time: Time
    subject: Name | None = None
    datacontenttype: Name | None = None
    dataschema: Name | None = None
    data: dict[str, Any]


BUILT_IN: dict[str, type[Payload]] = {}


def event_type(name: str, **example: Any) -> Callable[[type[Payload]], type[Payload]]:
    """Register a payload class as the built-in event type ``name``; ``example`` is a valid ``data`` of it."""

    def register(payload: type[Payload]) -> type[Payload]:
        payload.example = example
        BUILT_IN[name] = payload
        return payload

    return register


class Split(BaseModel):
    """One payee's part of a sale."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    employee: EmployeeId
    percent: Percentage


class Shared(Payload):
    """A payload that says who is credited: one employee, or several in parts that sum to exactly 100 percent."""

    #: Whether it must say so.
    names_payees: ClassVar[bool] = True

    employee: EmployeeId | None = None
    splits: Annotated[tuple[Split, ...], Field(min_length=1, max_length=MAX_PAYEES)] | None = None

    @model_validator(mode="after")
    def _one_way_of_crediting(self) -> Self:
        given = (self.employee is not None) + (self.splits is not None)
        if given > 1 or (self.names_payees and not given):
            raise PydanticCustomError("payee", "expected either employee or splits")
        payees = [split.employee for split in self.splits or ()]
        if len(set(payees)) < len(payees):
            raise PydanticCustomError("splits", "splits name an employee twice")
        if payees and sum(split.percent for split in self.splits) != 100:
            raise PydanticCustomError("splits", "percents of splits do not sum to 100")
        return self


@event_type("sale", employee="E1001", amount=Decimal("50000.01"), currency="CNY", customer="C-77",
            product="P-9", channel="store", quantity=3)
class Sale(Shared):
    """Something sold, by one employee or by several in parts that sum to exactly 100 percent."""

    amount: NonNegative
    currency: Currency
    customer: Name | None = None
    product: Name | None = None
    channel: Name | None = None
    quantity: NonNegative | None = None


class AboutSale(Payload):
    """What all that is about a sale has. ``sale_source`` is the sale's source where it differs from the event's own;
    the sale's customer, product and channel are for KPIs that filter by them.
    """

    refers_to = ("sale_id", "sale_source")

    sale_id: Attribute
    sale_source: Attribute | None = None
    customer: Name | None = None
    product: Name | None = None
    channel: Name | None = None
    reason: Name | None = None


@event_type("refund", sale_id="order-2041", amount=Decimal("120.5"), currency="CNY", customer="C-77", product="P-9",
            channel="store", reason="damaged")
class Refund(AboutSale):
    """Money given back on a sale. With the sale's customer, product and channel KPIs that filter by them see it."""

    amount: Positive
    currency: Currency


@event_type("correction", sale_id="order-2041", amount=Decimal("49000.01"), currency="CNY", customer="C-77",
            product="P-9", channel="store", reason="wrong price")
class Correction(Shared, AboutSale):
    """What a sale should have been: ``amount`` takes the place of the one before, refunds so far stay, and where it
    names payees they take the place of those before.

    Its time, customer, product and channel are as they were: to change them, cancel the sale and send another.
    """

    names_payees = False

    amount: NonNegative
    currency: Currency


@event_type("cancellation", sale_id="order-2041", customer="C-77", product="P-9", channel="store",
            reason="ordered twice")
class Cancellation(AboutSale):
    """The sale does not count: whatever of it was not refunded is taken back. It cannot be changed any more."""


@event_type("ticket_resolved", employee="E1002", minutes=42, priority="P2", within_sla=True, reopened=False,
            customer="C-12")
class TicketResolved(Payload):
    """A service ticket closed, ``minutes`` after it was opened."""

    employee: EmployeeId
    minutes: NonNegative
    priority: Name | None = None
    within_sla: Flag | None = None
    reopened: Flag | None = None
    customer: Name | None = None


@event_type("complaint", employee="E1002", severity="high", customer="C-12", upheld=True)
class Complaint(Payload):
    """A customer's complaint about an employee's work."""

    employee: EmployeeId
    severity: Name | None = None
    customer: Name | None = None
    upheld: Flag | None = None


@event_type("survey_answer", employee="E1002", score=95, survey="csat-2026", customer="C-12")
class SurveyAnswer(Payload):
    """One answer to a survey, 0 to 100."""

    employee: EmployeeId
    score: Score
    survey: Name | None = None
    customer: Name | None = None


@event_type("delivery", employee="E1003", on_time=True, days_late=0, quantity=20, rejected=1, amount=980,
            currency="CNY", customer="C-77")
class Delivery(Payload):
    """Goods delivered; ``days_late`` is negative where they came early."""

    needs = (("amount", "currency"),)

    employee: EmployeeId
    on_time: Flag
    days_late: Number | None = None
    quantity: NonNegative | None = None
    rejected: NonNegative | None = None
    amount: NonNegative | None = None
    currency: Currency | None = None
    customer: Name | None = None


@event_type("defect", employee="E1004", severity="minor", count=2, component="gearbox")
class Defect(Payload):
    """Defects found in an employee's work."""

    employee: EmployeeId
    severity: Name | None = None
    count: NonNegative = Decimal(1)
    component: Name | None = None


@event_type("lead", employee="E1001", channel="fair", converted=True, customer="C-90")
class Lead(Payload):
    """A prospective customer found, and whether an order came of it."""

    employee: EmployeeId
    channel: Name | None = None
    converted: Flag = False
    customer: Name | None = None


@event_type("visit", employee="E1001", customer="C-90", minutes=45)
class Visit(Payload):
    """A visit to a customer."""

    employee: EmployeeId
    customer: Name | None = None
    minutes: NonNegative | None = None


@event_type("training_completed", employee="E1005", course="safety-1", score=88, hours=Decimal("6.5"))
class TrainingCompleted(Payload):
    """A course finished."""

    employee: EmployeeId
    course: Name
    score: Score | None = None
    hours: NonNegative | None = None
