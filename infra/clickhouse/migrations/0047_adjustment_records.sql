-- Adjustments as they stand in the credits: kpistream.adjustments tells what became of them, not all that they say.
CREATE TABLE IF NOT EXISTS kpistream.adjustment_records /*on cluster*/
(
    `credits_partition` Int32 COMMENT 'Partition of the credits topic',
    `credits_offset` Int64 COMMENT 'Offset of the control record there',
    `control_id` String COMMENT 'Id of the control record',
    `record` String COMMENT 'The control record, JSON' CODEC(ZSTD),
    `version` UInt64 COMMENT 'Offset of the control record',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (credits_partition, credits_offset)
COMMENT 'Adjustments, whole: with these the credits can be folded again from the tables';
