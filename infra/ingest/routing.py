"""Which business topic an event goes to, where the sender does not say."""
from __future__ import annotations

ACTIVITY_TOPIC = "events.activity"

#: Topic by event type; any other type goes to ACTIVITY_TOPIC.
TOPIC_BY_TYPE = {
    "sale": "events.sales",
    "refund": "events.sales",
    "correction": "events.sales",
    "cancellation": "events.sales",
    "ticket_resolved": "events.service",
    "complaint": "events.service",
    "survey_answer": "events.service",
    "delivery": "events.delivery",
    "defect": "events.delivery",
    "lead": ACTIVITY_TOPIC,
    "visit": ACTIVITY_TOPIC,
    "training_completed": ACTIVITY_TOPIC,
}

BUSINESS_TOPICS = tuple(sorted(set(TOPIC_BY_TYPE.values())))


def topic_of(event_type: object) -> str:
    """The topic for events of ``event_type``; also for what is no type at all, which intake will report."""
    return TOPIC_BY_TYPE.get(event_type, ACTIVITY_TOPIC) if isinstance(event_type, str) else ACTIVITY_TOPIC
