-- KPI cells and published period values: absolute, so the newest version of a key is the whole truth about it.
CREATE TABLE IF NOT EXISTS kpistream.kpi_days /*on cluster*/
(
    `kpi` LowCardinality(String) COMMENT 'KPI, as in kpis',
    `employee` LowCardinality(String) COMMENT 'Employee credited',
    `team` LowCardinality(String) COMMENT 'Team that the credits count for',
    `department` LowCardinality(String) COMMENT 'Department that the credits count for',
    `day` Date COMMENT 'Day in the time zone of the plan',
    `numerator` Decimal(18, 4) COMMENT 'Sum, count, or upper part of a mean or ratio, for the person',
    `denominator` Decimal(18, 4) COMMENT 'Lower part of a mean or ratio, for the person',
    `low` Nullable(Decimal(18, 4)) COMMENT 'Smallest value of the day, for min and max KPIs',
    `high` Nullable(Decimal(18, 4)) COMMENT 'Largest value of the day, for min and max KPIs',
    `team_numerator` Decimal(18, 4) COMMENT 'What the cell adds to the numerator of its team; a shared event counts once there',
    `team_denominator` Decimal(18, 4) COMMENT 'What the cell adds to the denominator of its team; a shared event counts once there',
    `department_numerator` Decimal(18, 4) COMMENT 'What the cell adds to the numerator of its department; a shared event counts once there',
    `department_denominator` Decimal(18, 4) COMMENT 'What the cell adds to the denominator of its department; a shared event counts once there',
    `company_numerator` Decimal(18, 4) COMMENT 'What the cell adds to the numerator of its company; a shared event counts once there',
    `company_denominator` Decimal(18, 4) COMMENT 'What the cell adds to the denominator of its company; a shared event counts once there',
    `members` Array(UInt64) COMMENT 'xxh3_64 of each distinct member of the day, for distinct KPIs',
    `plan_version` UInt32 COMMENT 'Plan version it was computed under',
    `credits_partition` Int32 COMMENT 'Partition of the credits topic',
    `version` UInt64 COMMENT 'Last credits offset folded in',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kpi, employee, team, department, day)
COMMENT 'KPI cells: one KPI, person, team and day, absolute values';

CREATE TABLE IF NOT EXISTS kpistream.kpi_periods /*on cluster*/
(
    `kpi` LowCardinality(String) COMMENT 'KPI, as in kpis',
    `employee` LowCardinality(String) COMMENT 'Employee measured',
    `period_kind` LowCardinality(String) COMMENT 'day, week, month, quarter, year, rolling_30d and the like, or a calendar of the plan',
    `period` LowCardinality(String) COMMENT 'Key of the period: 2026-W14, 2026-03, 2026-Q1; rolling periods by their last day',
    `first_day` Date COMMENT 'First day of the period',
    `last_day` Date COMMENT 'Last day of the period',
    `numerator` Decimal(18, 4) COMMENT 'Numerator over the period',
    `denominator` Decimal(18, 4) COMMENT 'Denominator over the period',
    `value` Nullable(Decimal(18, 4)) COMMENT 'Value, rounded half-up; none where undefined',
    `target` Nullable(Decimal(18, 4)) COMMENT 'Target in force, none where there is none',
    `attainment` Nullable(Decimal(18, 4)) COMMENT 'Attainment as a fraction: 1 is 100 %',
    `plan_version` UInt32 COMMENT 'Plan version it was computed under',
    `credits_partition` Int32 COMMENT 'Partition of the credits topic',
    `version` UInt64 COMMENT 'Last credits offset folded in',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kpi, employee, period_kind, period)
COMMENT 'KPI values per person and period, with target and attainment';
