-- Where the sink stood when a back-up was begun: everything before it is in the tables that the back-up holds.
CREATE TABLE IF NOT EXISTS kpistream.backups /*on cluster*/
(
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When the back-up was begun',
    `name` String COMMENT 'Name of the back-up',
    `topic` LowCardinality(String) COMMENT 'Topic that the sink loads',
    `partition` Int32 COMMENT 'Partition of it',
    `next_offset` Int64 COMMENT 'The sink had loaded everything before this offset'
)
ENGINE = ReplacingMergeTree(processed_at)
ORDER BY (name, topic, partition)
COMMENT 'Back-ups: how far the sink had loaded each partition when it was begun';
