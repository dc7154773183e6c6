-- Units as a whole: their published values.
CREATE TABLE IF NOT EXISTS kpistream.unit_periods /*on cluster*/
(
    `kpi` LowCardinality(String) COMMENT 'KPI, as in kpis, or scorecard',
    `unit_kind` LowCardinality(String) COMMENT 'team, department, company, or manager: everything in the units that an employee leads',
    `unit` LowCardinality(String) COMMENT 'Team, department or company; of a manager the employee',
    `period_kind` LowCardinality(String) COMMENT 'day, week, month, quarter, year, rolling_30d and the like, or a calendar of the plan',
    `period` LowCardinality(String) COMMENT 'Key of the period: 2026-W14, 2026-03, 2026-Q1; rolling periods by their last day',
    `first_day` Date COMMENT 'First day of the period',
    `last_day` Date COMMENT 'Last day of the period',
    `numerator` Decimal(18, 4) COMMENT 'Numerator over the period; a shared event counts once in the unit',
    `denominator` Decimal(18, 4) COMMENT 'Denominator over the period; a shared event counts once in the unit',
    `value` Nullable(Decimal(18, 4)) COMMENT 'Value, rounded half-up; none where undefined',
    `target` Nullable(Decimal(18, 4)) COMMENT 'Target of the unit itself, none where there is none',
    `attainment` Nullable(Decimal(18, 4)) COMMENT 'Attainment as a fraction: 1 is 100 %',
    `plan_version` UInt32 COMMENT 'Plan version it was computed under',
    `version` UInt64 COMMENT 'Last kpi-updates offset folded in',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kpi, unit_kind, unit, period_kind, period)
COMMENT 'KPI values per unit and period, with the target of the unit and attainment';
