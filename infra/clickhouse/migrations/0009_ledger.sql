-- Who closed which period; payouts, written by kpistream close and payout; payments, written by kpistream pay. Rows are only
-- ever added.
CREATE TABLE IF NOT EXISTS kpistream.closes /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period',
    `control_offset` Int64 COMMENT 'Offset in the control topic',
    `closed_by` String COMMENT 'Who closed it, empty if nobody said so',
    `closed_at` DateTime64(3, 'UTC') COMMENT 'When it was closed by the clock of whoever closed it, UTC',
    `version` UInt64 COMMENT 'Offset in the control topic',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, period_kind, period, control_offset)
COMMENT 'Closes of periods as they were asked for; of several of one period the first counts';

CREATE TABLE IF NOT EXISTS kpistream.payouts /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period that pays',
    `payout_version` UInt32 COMMENT 'Counts the payouts of the period; a new one where the sums have changed',
    `employee` LowCardinality(String) COMMENT 'Employee, empty where a unit itself is paid',
    `unit` LowCardinality(String) COMMENT 'team:id, department:id or company where a unit itself is paid, else empty',
    `currency` LowCardinality(String) COMMENT 'Currency of the money',
    `lines` UInt64 COMMENT 'Number of earning lines posted in the period',
    `earned` Decimal(18, 4) COMMENT 'Their sum',
    `guarantee` Decimal(18, 4) COMMENT 'What a guarantee adds',
    `advance` Decimal(18, 4) COMMENT 'What a recoverable draw adds',
    `recovery` Decimal(18, 4) COMMENT 'What is taken back of former advances',
    `outstanding` Decimal(18, 4) COMMENT 'Advances still to be recovered after it',
    `draw` LowCardinality(String) COMMENT 'Draw that held, empty for none',
    `plan_version` UInt32 COMMENT 'Plan version in force when it was made',
    `version` UInt64 COMMENT 'When it was made, ms since the epoch',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was made, UTC'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, period_kind, period, payout_version, employee, unit, currency)
COMMENT 'Payouts of periods in all their versions';

CREATE TABLE IF NOT EXISTS kpistream.payments /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period paid for',
    `payout_version` UInt32 COMMENT 'Version of the payout that was paid',
    `employee` LowCardinality(String) COMMENT 'Employee, empty where a unit itself is paid',
    `unit` LowCardinality(String) COMMENT 'Unit itself, else empty',
    `currency` LowCardinality(String) COMMENT 'Currency of amount',
    `amount` Decimal(18, 4) COMMENT 'Due less what was paid for the period before; negative where it is taken back',
    `version` UInt64 COMMENT 'When it was recorded, ms since the epoch',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was recorded, UTC'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, period_kind, period, payout_version, employee, unit, currency)
COMMENT 'Payments; the key makes the same payment recorded twice one';
