"""Every award in the log and as a metric. Nothing rests on it.

Not by a Faust agent on the topic: at a thousand awards a second, one at a time, it took a seventh of the worker's time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable

import msgspec
from mode import Service

from infra import metrics
from runtime.consuming import make_consumer
from runtime.light_records import as_parsed
from runtime.trouble import Trouble
from schemas.json_decoding import decoder
from schemas.results import AwardState
from schemas.topics import AWARDS

log = logging.getLogger("kpistream")

_EVERY_SECONDS = 0.5
_ONE_BY_ONE = 20  # more at once are counted by rule: lines by the thousand tell nobody anything


class _Told(msgspec.Struct):
    """What the log says of an award (schemas/results.py)."""

    employee: str
    rule: str
    threshold: str
    period: str
    state: AwardState


_decode = decoder(_Told)


def tell(values: Iterable[bytes | None]) -> None:
    """Log and count awards; what is none is left out, the loader tells of it."""
    told = []
    for value in values:
        try:
            told.append(_decode(value))
        except msgspec.DecodeError:
            continue
    counts = Counter((one.rule, one.state) for one in told)
    for (rule, state), count in counts.items():
        metrics.AWARDS.labels(rule, state).inc(count)
        if len(told) > _ONE_BY_ONE:
            log.info("awards", extra={"rule": rule, "state": state, "awards": count})
    for one in told if len(told) <= _ONE_BY_ONE else ():
        said = {"employee": one.employee, "rule": one.rule, "tier": one.threshold, "period": one.period}
        log.info("award", extra={**said, "state": one.state})


class AwardLog(Service):
    """Follows the awards topic; of several workers each has its part."""

    def __init__(self, settings, **kwargs) -> None:
        super().__init__(**kwargs)
        self._consumer = make_consumer(settings, "award-log", value_deserializer=as_parsed)
        self._trouble = Trouble(log, "awards are told in the log again")
        self._following: asyncio.Task | None = None

    async def on_start(self) -> None:
        """Join the group."""
        self._consumer.subscribe(topics=[AWARDS.name])
        await self._consumer.start()
        if not self.should_stop:  # told to end meanwhile: the consumer is closed
            self._following = asyncio.ensure_future(self._follow())

    async def on_stop(self) -> None:
        """Leave it."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._consumer.stop()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                found = await self._consumer.getmany(timeout_ms=0)
                tell(record.value for records in found.values() for record in records)
                if found:
                    await self._consumer.commit()
                self._trouble.over()
            except Exception as error:  # whatever it is: nothing rests on this, and the next ones are to be told
                self._trouble.met("awards are not told in the log", error)
