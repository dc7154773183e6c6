-- Awards, earnings and the alerts sent about them.
CREATE TABLE IF NOT EXISTS kpistream.awards /*on cluster*/
(
    `award_id` String COMMENT 'Derived from plan, rule, entity, period, tier and sequence',
    `plan` LowCardinality(String) COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Plan version that decided it',
    `rule` LowCardinality(String) COMMENT 'Award rule of the plan',
    `kind` LowCardinality(String) COMMENT 'tier, bonus, promotion, bonus+promotion',
    `name_en` String COMMENT 'Name in English',
    `name_zh` String COMMENT 'Name in Chinese, empty if the plan gives none',
    `employee` LowCardinality(String) COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee when it was decided',
    `team` LowCardinality(String) COMMENT 'Team',
    `department` LowCardinality(String) COMMENT 'Department',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period',
    `tier` Int32 COMMENT 'Index in the tier table, 0 for threshold awards',
    `threshold` String COMMENT 'The bound as written in the plan',
    `sequence` Int32 COMMENT 'Counts re-armed awards of the same tier and period',
    `state` LowCardinality(String) COMMENT 'provisional, final or revoked',
    `amount` Nullable(Decimal(18, 4)) COMMENT 'Money that the award stands for',
    `currency` LowCardinality(String) COMMENT 'Currency of amount',
    `evidence` String COMMENT 'JSON: the KPIs as they stood when it was decided',
    `cause_source` LowCardinality(String) COMMENT 'Source of the event that caused it',
    `cause_id` String COMMENT 'Id of the event that caused it',
    `cause_type` LowCardinality(String) COMMENT 'Type of the event that caused it',
    `cause_time` DateTime64(3, 'UTC') COMMENT 'Time of the event that caused it',
    `position_partition` Int32 COMMENT 'Log position of the cause: partition',
    `position_offset` Int64 COMMENT 'Log position of the cause: offset',
    `position_index` Int32 COMMENT 'Log position of the cause: row of the record',
    `position_payee` Int32 COMMENT 'Log position of the cause: credit under the row',
    `next_tier` Nullable(String) COMMENT 'The next bound as written in the plan',
    `gap` Nullable(String) COMMENT 'What is missing to it, in the unit of the KPI',
    `late` UInt8 COMMENT '1 where it was decided after its period was closed',
    `unit_kind` LowCardinality(String) DEFAULT '' COMMENT 'team, department or company where a whole unit reached it, else empty',
    `unit` LowCardinality(String) DEFAULT '' COMMENT 'That unit, empty for awards of persons',
    `version` UInt64 COMMENT 'Place of the cause in the credits log (offset * 2^20 + row): a later state of the same award replaces the earlier',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY award_id
COMMENT 'Awards in their latest state';

CREATE TABLE IF NOT EXISTS kpistream.earnings /*on cluster*/
(
    `line_id` String COMMENT 'Derived from what caused the line',
    `plan` LowCardinality(String) COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Plan version that paid it',
    `rule` LowCardinality(String) COMMENT 'Award rule of the plan',
    `employee` LowCardinality(String) COMMENT 'Employee',
    `team` LowCardinality(String) COMMENT 'Team',
    `department` LowCardinality(String) COMMENT 'Department',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period',
    `posted_in` LowCardinality(String) COMMENT 'Period that pays it: another than period where that was closed',
    `amount` Decimal(18, 4) COMMENT 'Money of the line, negative where it takes back',
    `withheld` Decimal(18, 4) COMMENT 'What a cap kept back with this line, negative where it is given back',
    `currency` LowCardinality(String) COMMENT 'Currency of amount',
    `basis` Decimal(18, 4) COMMENT 'Credited change that caused the line',
    `value_after` Decimal(18, 4) COMMENT 'Value of the KPI after it',
    `reason` LowCardinality(String) COMMENT 'credit, award, revocation or plan_change',
    `source` LowCardinality(String) COMMENT 'Source of the event that caused it',
    `id` String COMMENT 'Id of the event that caused it',
    `event_time` DateTime64(3, 'UTC') COMMENT 'When that event happened',
    `award_id` String COMMENT 'Award that it belongs to, empty if none',
    `credits_partition` Int32 COMMENT 'Credits position: partition',
    `credits_offset` Int64 COMMENT 'Credits position: offset',
    `credits_index` Int32 COMMENT 'Credits position: row',
    `payee` Int16 COMMENT 'Credits position: credit under the row',
    `version` UInt64 COMMENT 'Offset in the earnings topic; a replay writes the same line again under a later one',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY line_id
COMMENT 'Earning lines: money with what caused it';

CREATE TABLE IF NOT EXISTS kpistream.alerts /*on cluster*/
(
    `alert_id` String COMMENT 'Derived from award, state and channel',
    `award_id` String COMMENT 'Award that the alert is about',
    `award_state` LowCardinality(String) COMMENT 'State that was announced',
    `employee` LowCardinality(String) COMMENT 'Employee concerned',
    `channel` LowCardinality(String) COMMENT 'Channel it went to',
    `state` LowCardinality(String) COMMENT 'sent, failed, given_up or suppressed',
    `attempts` UInt16 COMMENT 'Attempts so far',
    `error` String COMMENT 'Why the last attempt failed, empty if it did not',
    `version` UInt64 COMMENT 'Offset in the alerts topic, grows with every attempt',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was last attempted'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY alert_id
COMMENT 'Alerts about awards and what became of them';
