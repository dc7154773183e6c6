"""Checks an event before it is handed on, by the models that intake uses, so that a bad one is seen at its source."""
from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from schemas.events import BUILT_IN, Envelope
from schemas.plan import Plan


class EventCheck:
    """Knows the event types and the employees of one plan."""

    def __init__(self, plan: Plan):
        self._own = {name: frozenset(declared.required) for name, declared in plan.events.items()}
        self._employees = frozenset(
            employee.id
            for department in plan.organisation.departments
            for team in department.teams
            for employee in team.employees
        )

    def __call__(self, event: dict[str, Any]) -> None:
        """Raises ValueError saying what is wrong with ``event``."""
        kind, data = event["type"], event["data"]
        try:
            Envelope.model_validate(event)
            if kind in BUILT_IN:
                BUILT_IN[kind].model_validate(data)
        except ValidationError as error:
            raise ValueError(_sentence(error)) from error
        if kind not in BUILT_IN:
            self._check_own(kind, data)
        payees = [data.get("employee"), *(split["employee"] for split in data.get("splits", ()))]
        unknown = [payee for payee in payees if payee is not None and payee not in self._employees]
        if unknown:
            raise ValueError(f"employee {unknown[0]} is not in the organisation")

    def _check_own(self, kind: str, data: dict[str, Any]) -> None:
        if kind not in self._own:
            raise ValueError(f"unknown event type {kind!r}")
        missing = sorted(self._own[kind] - data.keys())
        if missing:
            raise ValueError(f"{missing[0]} is missing")


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    what = "is missing" if first["type"] == "missing" else first["msg"]
    return f"{field}: {what}" if field else what
