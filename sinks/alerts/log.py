"""The log of deliveries: the Kafka topic ``alerts``, read to its end before anything is sent."""

from __future__ import annotations

import logging

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError
from msgspec import MsgspecError

from infra.settings import Settings
from runtime.producing import Sender
from runtime.records import Out
from schemas.topics import ALERTS
from sinks.alerts.delivery import Deliveries, Delivery, decode_delivery, encode_delivery

log = logging.getLogger("kpistream")

_POLL_MS = 500


class DeliveryLog:
    """``known`` holds what the topic says; ``catch_up`` brings it level with what other processes wrote.

    ``reached`` is the next offset to be read of each partition while catching up, and empty otherwise.
    """

    def __init__(self, settings: Settings) -> None:
        self.known = Deliveries()
        self.reached: dict[TopicPartition, int] = {}
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._sender: Sender | None = None

    async def start(self) -> None:
        """Connect."""
        self._producer = AIOKafkaProducer(**self._settings.kafka_options(), acks="all", enable_idempotence=True)
        # without a group it is given every partition
        self._consumer = AIOKafkaConsumer(
            ALERTS.name, **self._settings.kafka_options(), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await self._producer.start()
        try:
            await self._consumer.start()
        except UnknownTopicOrPartitionError as error:
            raise LookupError(f"the topic {ALERTS.name} does not exist: run kpistream topics") from error
        self._sender = Sender(self._producer, "alerts")

    async def stop(self) -> None:
        """Disconnect."""
        for client in (self._consumer, self._producer):
            if client is not None:
                await client.stop()

    async def catch_up(self) -> None:
        """Read from where the last reading ended to the end as it is now."""
        consumer = self._consumer
        ends = await consumer.end_offsets(list(consumer.assignment()))
        try:
            while True:
                self.reached = {part: await consumer.position(part) for part in ends}
                if all(self.reached[part] >= end for part, end in ends.items()):
                    return
                for part, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                    for record in records:
                        self._add(part, record)
        finally:
            self.reached = {}

    async def write(self, delivery: Delivery) -> None:
        """Return when Kafka has it; where that cannot be had, the process ends."""
        await self._sender.send([Out(ALERTS.name, encode_delivery(delivery), key=delivery.award_id.encode())])
        self.known.add(delivery)

    def _add(self, part: TopicPartition, record) -> None:
        try:
            self.known.add(decode_delivery(record.value))
        except (MsgspecError, TypeError, ValueError) as error:
            place = f"{part.topic}, partition {part.partition}, offset {record.offset}"
            log.error("no delivery record, left out", extra={"place": place, "error": str(error)})
