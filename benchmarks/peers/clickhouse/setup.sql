CREATE TABLE default.peer_events (id String, type LowCardinality(String), time String, data Tuple(employee String, amount Decimal(18, 2), currency LowCardinality(String), customer String))
ENGINE = Kafka SETTINGS kafka_broker_list = '{BROKER}', kafka_topic_list = '{TOPIC}', kafka_group_name = '{GROUP}', kafka_format = 'JSONEachRow', kafka_num_consumers = {CONSUMERS}, kafka_thread_per_consumer = 1, kafka_max_block_size = 65536, kafka_flush_interval_ms = 1000;
CREATE TABLE default.peer_facts (id String, type LowCardinality(String), time DateTime64(3, 'UTC'), employee String, amount Decimal(18, 2), currency LowCardinality(String), customer String, at DateTime64(3) DEFAULT now64(3))
ENGINE = MergeTree ORDER BY (employee, time);
CREATE TABLE default.peer_sums (employee String, month String, cents Int64, count UInt64) ENGINE = SummingMergeTree ORDER BY (employee, month);
CREATE TABLE default.peer_awards (employee String, month String, tier Int64) ENGINE = MergeTree ORDER BY (employee, month, tier);
CREATE TABLE default.peer_awards_out (employee String, month String, tier Int64)
ENGINE = Kafka SETTINGS kafka_broker_list = '{BROKER}', kafka_topic_list = '{AWARDS}', kafka_group_name = '{GROUP}-awards', kafka_format = 'JSONEachRow', output_format_json_quote_64bit_integers = 0;
CREATE MATERIALIZED VIEW default.peer_to_awards TO default.peer_awards_out AS SELECT * FROM default.peer_awards;
CREATE MATERIALIZED VIEW default.peer_to_sums TO default.peer_sums AS
SELECT data.employee AS employee, substring(time, 1, 7) AS month, toInt64(sum(data.amount) * 100) AS cents, count() AS count FROM default.peer_events WHERE type = 'sale' GROUP BY 1, 2;
CREATE MATERIALIZED VIEW default.peer_to_facts TO default.peer_facts AS
SELECT id, type, parseDateTime64BestEffort(time, 3, 'UTC') AS time, data.employee AS employee, data.amount AS amount, data.currency AS currency, data.customer AS customer FROM default.peer_events;
