-- Attainment and awards.
CREATE OR REPLACE VIEW bi.attainment /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee',
    `team` String COMMENT 'Team in the newest plan',
    `department` String COMMENT 'Department in the newest plan',
    `role` String COMMENT 'Role in the newest plan',
    `period_kind` String COMMENT 'day, week, month, quarter, year, rolling_30d and the like, or a calendar of the plan',
    `period` String COMMENT 'Key of the period: 2026-W14, 2026-03, 2026-Q1; rolling periods by their last day',
    `first_day` Date COMMENT 'First day of the period',
    `last_day` Date COMMENT 'Last day of the period',
    `value` Nullable(Decimal(18, 4)) COMMENT 'Value, none where undefined',
    `target` Nullable(Decimal(18, 4)) COMMENT 'Target in force, none where there is none',
    `attainment_percent` Nullable(Decimal(18, 2)) COMMENT 'Attainment in percent, none where undefined',
    `gap` Nullable(Decimal(18, 4)) COMMENT 'What is missing to the target in the good direction; negative once it is exceeded',
    `unit` String COMMENT 'Unit of value, target and gap'
)
SQL SECURITY DEFINER
AS
SELECT
    p.kpi AS kpi,
    ifNull(k.name_en, '') AS kpi_name,
    p.employee AS employee,
    ifNull(o.employee_name, '') AS employee_name,
    ifNull(o.team, '') AS team,
    ifNull(o.department, '') AS department,
    ifNull(o.role, '') AS role,
    p.period_kind AS period_kind,
    p.period AS period,
    p.first_day AS first_day,
    p.last_day AS last_day,
    p.value AS value,
    p.target AS target,
    CAST(p.attainment * 100 AS Nullable(Decimal(18, 2))) AS attainment_percent,
    if(ifNull(k.direction, 'up') = 'down', p.value - p.target, p.target - p.value) AS gap,
    ifNull(k.unit, '') AS unit
FROM
(
    SELECT kpi, employee, period_kind, period, first_day, last_day, value, target, attainment
    FROM kpistream.kpi_periods FINAL
) AS p
LEFT JOIN kpistream.current_kpis AS k ON k.kpi = p.kpi
LEFT JOIN kpistream.current_organisation AS o ON o.employee = p.employee
COMMENT 'KPI values with target and attainment per person and period, custom calendars included';

CREATE OR REPLACE VIEW bi.awards /*on cluster*/
(
    `award_id` String COMMENT 'Award',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee when it was decided',
    `team` String COMMENT 'Team',
    `department` String COMMENT 'Department',
    `rule` String COMMENT 'Award rule of the plan',
    `kind` String COMMENT 'tier, bonus, promotion, bonus+promotion',
    `name_en` String COMMENT 'Name in English',
    `name_zh` String COMMENT 'Name in Chinese',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `tier` Int32 COMMENT 'Index in the tier table, 0 for threshold awards',
    `threshold` String COMMENT 'The bound as written in the plan',
    `sequence` Int32 COMMENT 'Counts re-armed awards of the same tier and period',
    `state` String COMMENT 'provisional, final or revoked',
    `amount` Nullable(Decimal(18, 4)) COMMENT 'Money that the award stands for',
    `currency` String COMMENT 'Currency of amount',
    `next_tier` Nullable(String) COMMENT 'The next bound as written in the plan',
    `gap` Nullable(String) COMMENT 'What was missing to it when the award was decided',
    `evidence` String COMMENT 'JSON: the KPIs as they stood when it was decided',
    `cause_source` String COMMENT 'Source of the event that caused it',
    `cause_id` String COMMENT 'Id of the event that caused it',
    `cause_type` String COMMENT 'Type of the event that caused it',
    `cause_time` DateTime64(3, 'UTC') COMMENT 'Time of the event that caused it, UTC',
    `plan` String COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Plan version that decided it',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was published, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    award_id, employee, employee_name, team, department, rule, kind, name_en, name_zh, period_kind, period,
    tier, threshold, sequence, state, amount, currency, next_tier, gap, evidence, cause_source, cause_id,
    cause_type, cause_time, plan, plan_version, processed_at
FROM kpistream.awards FINAL
COMMENT 'Awards in their latest state; revoked ones stay, marked so';
