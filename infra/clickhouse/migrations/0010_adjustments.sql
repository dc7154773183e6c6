-- Where periods were closed in the credits, for what counts by the day it came on; adjustments of KPI values.
CREATE TABLE IF NOT EXISTS kpistream.period_closes /*on cluster*/
(
    `credits_partition` Int32 COMMENT 'Partition of the credits topic',
    `credits_offset` Int64 COMMENT 'Offset of the control record there: credits after it come after the close',
    `control_id` String COMMENT 'Id of the control record',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period',
    `version` UInt64 COMMENT 'Offset of the control record',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (credits_partition, credits_offset)
COMMENT 'Where in the credits each period was closed';

CREATE TABLE IF NOT EXISTS kpistream.adjustments /*on cluster*/
(
    `adjustment` String COMMENT 'Id of the control record',
    `credits_partition` Int32 COMMENT 'Partition of the credits topic that it stands in',
    `credits_offset` Int64 COMMENT 'Its offset there: values count so from here on',
    `number` Int32 COMMENT 'Running number of the cell in the record',
    `reason` String COMMENT 'Why, as the operator said',
    `operator` String COMMENT 'Who asked for it',
    `asked_at` DateTime64(3, 'UTC') COMMENT 'When, by the operator''s clock',
    `kpi` LowCardinality(String) COMMENT 'KPI',
    `employee` LowCardinality(String) COMMENT 'Employee credited',
    `team` LowCardinality(String) COMMENT 'Team of the cell',
    `department` LowCardinality(String) COMMENT 'Department of the cell',
    `day` Date COMMENT 'Day in the time zone of the plan',
    `outcome` LowCardinality(String) COMMENT 'adjusted; published (the value was right and only the tables were not); refused (it had changed by then)',
    `numerator_before` Decimal(18, 4) COMMENT 'Numerator that the engine had',
    `denominator_before` Decimal(18, 4) COMMENT 'Denominator that the engine had',
    `numerator` Decimal(18, 4) COMMENT 'Numerator after it',
    `denominator` Decimal(18, 4) COMMENT 'Denominator after it',
    `version` UInt64 COMMENT 'Offset of the control record',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (credits_partition, credits_offset, number)
COMMENT 'Adjustments of KPI cells and what became of each';
