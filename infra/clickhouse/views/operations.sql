-- What became of every record, and what was set right.
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
    `record_time` DateTime64(3, 'UTC') COMMENT 'Timestamp of the record, UTC; 1970-01-01 where it has none',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was set aside, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    dead_letter_id, stage, topic, partition, offset, `index`, reason, detail, record_time, processed_at
FROM kpistream.dead_letters FINAL
COMMENT 'Records that could not be used and why; the raw bytes are for `kpistream dlq show`';

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

CREATE OR REPLACE VIEW bi.adjustments /*on cluster*/
(
    `adjustment` String COMMENT 'Adjustment; awards and earning lines that followed have it as their cause',
    `asked_at` DateTime64(3, 'UTC') COMMENT 'When it was asked for, UTC',
    `operator` String COMMENT 'Who asked for it',
    `reason` String COMMENT 'Why',
    `kpi` String COMMENT 'KPI',
    `employee` String COMMENT 'Employee credited',
    `team` String COMMENT 'Team of the cell',
    `department` String COMMENT 'Department of the cell',
    `day` Date COMMENT 'Day in the time zone of the plan',
    `outcome` String COMMENT 'adjusted; published (the value was right and only the tables were not); refused (it had changed by then)',
    `numerator_before` Decimal(18, 4) COMMENT 'Numerator that the engine had',
    `denominator_before` Decimal(18, 4) COMMENT 'Denominator that the engine had',
    `numerator` Decimal(18, 4) COMMENT 'Numerator after it',
    `denominator` Decimal(18, 4) COMMENT 'Denominator after it',
    `credits_partition` Int32 COMMENT 'Partition of the credits topic that it stands in',
    `credits_offset` Int64 COMMENT 'Its offset there'
)
SQL SECURITY DEFINER
AS
SELECT
    adjustment, asked_at, operator, reason, kpi, employee, team, department, day, outcome,
    numerator_before, denominator_before, numerator, denominator, credits_partition, credits_offset
FROM kpistream.adjustments FINAL
COMMENT 'Adjustments: values that were made right after a reconciliation, with who, why and what stood before';
