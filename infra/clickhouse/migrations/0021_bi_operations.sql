-- What became of the input.
CREATE OR REPLACE VIEW bi.dead_letters /*on cluster*/
(
    `dead_letter_id` String COMMENT 'topic:partition:offset:index of the record',
    `stage` String COMMENT 'Stage that could not use it',
    `topic` String COMMENT 'Topic of the record',
    `partition` Int32 COMMENT 'Partition of the record',
    `offset` Int64 COMMENT 'Offset of the record',
    `index` Int32 COMMENT 'Row within the record',
    `reason` String COMMENT 'Stable code to count by',
    `detail` String COMMENT 'What was wrong, in a sentence',
    `record_time` DateTime64(3, 'UTC') COMMENT 'Timestamp of the record, UTC',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was set aside, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    dead_letter_id, stage, topic, partition, offset, `index`, reason, detail, record_time, processed_at
FROM kpistream.dead_letters FINAL
COMMENT 'Records that could not be used and why; the raw bytes are for `kpistream dlq show`';

CREATE OR REPLACE VIEW bi.alerts /*on cluster*/
(
    `alert_id` String COMMENT 'Alert',
    `award_id` String COMMENT 'Award that the alert is about',
    `award_state` String COMMENT 'State that was announced',
    `employee` String COMMENT 'Employee concerned',
    `channel` String COMMENT 'Channel it went to',
    `state` String COMMENT 'sent, failed, given_up or suppressed',
    `attempts` UInt16 COMMENT 'Attempts so far',
    `error` String COMMENT 'Why the last attempt failed, empty if it did not',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was last attempted, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    alert_id, award_id, award_state, employee, channel, state, attempts, error, processed_at
FROM kpistream.alerts FINAL
COMMENT 'Alerts about awards and what became of them';

CREATE OR REPLACE VIEW bi.conservation /*on cluster*/
(
    `topic` String COMMENT 'Business topic',
    `partition` Int32 COMMENT 'Partition of that topic',
    `applied` UInt64 COMMENT 'Records applied',
    `duplicate` UInt64 COMMENT 'Records dropped because source and id had been seen',
    `dead_lettered` UInt64 COMMENT 'Records that went to dead letters',
    `parked` UInt64 COMMENT 'Records that wait for another event',
    `gaps` UInt64 COMMENT 'Offsets that never held a record',
    `accounted` UInt64 COMMENT 'Sum of the five',
    `next_offset` Int64 COMMENT 'Offset after the last one counted',
    `unaccounted` Int64 COMMENT 'next_offset minus accounted: 0 once the loader has caught up'
)
SQL SECURITY DEFINER
AS
SELECT
    topic, partition,
    sum(o.applied) AS applied,
    sum(o.duplicate) AS duplicate,
    sum(o.dead_lettered) AS dead_lettered,
    sum(o.parked) AS parked,
    sum(o.gaps) AS gaps,
    sum(o.applied + o.duplicate + o.dead_lettered + o.parked + o.gaps) AS accounted,
    max(o.last_offset) + 1 AS next_offset,
    (max(o.last_offset) + 1) - sum(o.applied + o.duplicate + o.dead_lettered + o.parked + o.gaps) AS unaccounted
FROM kpistream.outcomes AS o FINAL
GROUP BY topic, partition
COMMENT 'Nothing vanishes: every offset of the input is applied, duplicate, dead-lettered, parked or a gap';
