-- Dead letters, outcomes of the input, checkpoints of the processors.
CREATE TABLE IF NOT EXISTS kpistream.dead_letters /*on cluster*/
(
    `dead_letter_id` String COMMENT 'topic:partition:offset:index of the record',
    `stage` LowCardinality(String) COMMENT 'Stage that could not use it',
    `topic` LowCardinality(String) COMMENT 'Topic of the record',
    `partition` Int32 COMMENT 'Partition of the record',
    `offset` Int64 COMMENT 'Offset of the record',
    `index` Int32 COMMENT 'Row within the record',
    `reason` LowCardinality(String) COMMENT 'Stable code to count by',
    `detail` String COMMENT 'What was wrong, in a sentence',
    `raw` String COMMENT 'Value of the record as it came (bytes)',
    `key` Nullable(String) COMMENT 'Key of the record as it came (bytes)',
    `record_time` DateTime64(3, 'UTC') COMMENT 'Timestamp of the record',
    `version` UInt64 COMMENT 'Offset in the dead-letters topic; a replay writes the same letter again under a later one',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY dead_letter_id
COMMENT 'Records that could not be used, whole, with reason and position';

CREATE TABLE IF NOT EXISTS kpistream.outcomes /*on cluster*/
(
    `facts_partition` Int32 COMMENT 'Partition of the facts topic that counted',
    `topic` LowCardinality(String) COMMENT 'Business topic',
    `partition` Int32 COMMENT 'Partition of that topic',
    `applied` UInt64 COMMENT 'Records applied',
    `duplicate` UInt64 COMMENT 'Records dropped because source and id had been seen',
    `dead_lettered` UInt64 COMMENT 'Records that went to dead letters',
    `parked` UInt64 COMMENT 'Records that wait for another event',
    `gaps` UInt64 COMMENT 'Offsets that never held a record',
    `last_offset` Int64 COMMENT 'Last source offset counted here',
    `version` UInt64 COMMENT 'Facts offset up to which was counted',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (facts_partition, topic, partition)
COMMENT 'What became of the input, as absolute counts per facts partition and source partition';

-- Not partitioned: one block into one partition is atomic, which is what makes a checkpoint whole or absent.
CREATE TABLE IF NOT EXISTS kpistream.checkpoints /*on cluster*/
(
    `stage` LowCardinality(String) COMMENT 'Stage whose state it is',
    `partition` Int32 COMMENT 'Input partition whose state it is',
    `key` String COMMENT 'State key; the row with the empty key is the marker',
    `value` String COMMENT 'State (bytes); of the marker the next offset as decimal text',
    `version` UInt64 COMMENT 'Next offset of the checkpoint that wrote the row',
    `deleted` UInt8 COMMENT '1 for a tombstone',
    `processed_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was written'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (stage, partition, key)
COMMENT 'State of the processors: rows and marker of a checkpoint arrive as one block';
