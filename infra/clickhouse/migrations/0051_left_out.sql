-- Credits that a limit on events of the same customer leaves out of every KPI. Those from before this migration are not
-- told; a row of kpistream.updates of kind limits says from which place on all are.
CREATE TABLE IF NOT EXISTS kpistream.left_out /*on cluster*/
(
    `credits_partition` Int32 COMMENT 'Partition of the credits topic',
    `credits_offset` Int64 COMMENT 'Offset of the credit there, as in credits',
    `facts_offset` Int64 COMMENT 'As in credits: offset of the facts record that caused it',
    `facts_index` Int32 COMMENT 'As in credits: row within that facts record',
    `payee` Int16 COMMENT 'As in credits: running number of the credit under that position',
    `version` UInt64 COMMENT 'Offset of the record in kpi-updates',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (credits_partition, credits_offset, facts_offset, facts_index, payee)
COMMENT 'Credits that do not count, being over a limit on events of the same customer or about a sale that was';

ALTER TABLE kpistream.updates /*on cluster*/
    COMMENT COLUMN IF EXISTS `kind` 'days: values of a credits partition; close: its last ones before a close; plan: a plan takes effect; limits: from here on credits that are left out are told (kpistream.left_out)';
