"""PyFlink's DataStream API: a keyed process function, state in RocksDB; arguments: execution mode, connector's jar."""

import os
import sys
import sysconfig

# Thread mode runs Python inside the JVM, which finds pemja only here; without it the job restarts for ever.
os.environ["PYTHONPATH"] = sysconfig.get_paths()["purelib"]

import orjson
from pyflink.common import Configuration, Types, WatermarkStrategy
from pyflink.common.serialization import SimpleStringSchema
from pyflink.datastream import KeyedProcessFunction, OutputTag, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)
from pyflink.datastream.state import ValueStateDescriptor

TIERS = [int(tier) for tier in os.environ["BENCH_TIERS"].split(",")]
BROKER = os.environ["BENCH_BROKER"]
AWARDS = OutputTag("awards", Types.STRING())


class Sums(KeyedProcessFunction):
    """Sum and count by month of one employee; what changed is told once a second."""

    def open(self, context):
        self.state = context.get_state(ValueStateDescriptor("sums", Types.PICKLED_BYTE_ARRAY()))

    def process_element(self, event, context):
        months, changed = self.state.value() or ({}, set())
        employee, month = event["data"]["employee"], event["time"][:7]
        before, count = months.get(month, (0, 0))
        after = before + int(event["data"]["amount"].replace(".", ""))
        months[month] = (after, count + 1)
        if not changed:
            timers = context.timer_service()
            timers.register_processing_time_timer(timers.current_processing_time() + 1000)
        changed.add(month)
        self.state.update((months, changed))
        for tier in TIERS:
            if before < tier <= after:
                award = {"employee": employee, "month": month, "tier": tier, "event": event["id"]}
                yield AWARDS, orjson.dumps(award).decode()

    def on_timer(self, timestamp, context):
        months, changed = self.state.value()
        for month in changed:
            cents, count = months[month]
            row = {"employee": context.get_current_key(), "month": month, "cents": cents, "count": count}
            yield orjson.dumps(row).decode()
        self.state.update((months, set()))


def sink(topic: str) -> KafkaSink:
    """Texts to a topic."""
    schema = KafkaRecordSerializationSchema.builder().set_topic(topic)
    schema = schema.set_value_serialization_schema(SimpleStringSchema()).build()
    builder = KafkaSink.builder().set_bootstrap_servers(BROKER).set_record_serializer(schema)
    return builder.set_delivery_guarantee(DeliveryGuarantee.AT_LEAST_ONCE).build()


def main(mode: str, jar: str) -> None:
    """Run until the process is ended."""
    settings = Configuration()
    for name, value in {
        "pipeline.jars": f"file://{jar}",
        "state.backend.type": "rocksdb",
        "execution.checkpointing.interval": "1s",
        "execution.checkpointing.mode": "AT_LEAST_ONCE",
        "execution.checkpointing.dir": f"file://{os.environ['BENCH_STATE']}",
        "execution.checkpointing.incremental": "true",
        "python.execution-mode": mode,
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
    }.items():
        settings.set_string(name, value)
    environment = StreamExecutionEnvironment.get_execution_environment(settings)
    environment.set_parallelism(2)
    source = (
        KafkaSource.builder()
        .set_bootstrap_servers(BROKER)
        .set_topics(os.environ["BENCH_TOPIC"])
        .set_group_id(os.environ["BENCH_GROUP"])
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(SimpleStringSchema())
        .build()
    )
    sums = (
        environment.from_source(source, WatermarkStrategy.no_watermarks(), "sales")
        .map(lambda value: orjson.loads(value))
        .filter(lambda event: event["type"] == "sale")
        .key_by(lambda event: event["data"]["employee"], Types.STRING())
        .process(Sums(), Types.STRING())
    )
    sums.sink_to(sink(os.environ["BENCH_KPIS"]))
    sums.get_side_output(AWARDS).sink_to(sink(os.environ["BENCH_AWARDS"]))
    environment.execute("peer")


if __name__ == "__main__":
    main(*sys.argv[1:])
