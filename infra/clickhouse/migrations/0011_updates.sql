-- When values were published: what awards of units were decided on. kpistream explain reads it.
CREATE TABLE IF NOT EXISTS kpistream.updates /*on cluster*/
(
    `kind` LowCardinality(String) COMMENT 'days: values of a credits partition; close: its last ones before a close; plan: a plan takes effect',
    `credits_partition` Int32 COMMENT 'Partition of the credits topic, -1 for a plan',
    `credits_offset` Int64 COMMENT 'Offset there up to which the values count, -1 for a plan',
    `updates_offset` Int64 COMMENT 'Offset of the record in kpi-updates' CODEC(Delta, ZSTD),
    `control_id` String COMMENT 'Id of the close, or of the plan''s control record',
    `partitions` Int32 COMMENT 'Of a close: how many credits partitions come to it',
    `period_kind` LowCardinality(String) COMMENT 'Of a close: kind of period',
    `period` LowCardinality(String) COMMENT 'Of a close: key of the period',
    `version` UInt64 COMMENT 'Larger for earlier records: of what was published twice the first one holds',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kind, credits_partition, credits_offset, control_id)
COMMENT 'Records of kpi-updates: how far into the credits the values went that awards of units were decided on';
