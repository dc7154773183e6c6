-- Units as a whole: their published values and leaderboards; awards name the unit that reached them.
CREATE TABLE IF NOT EXISTS kpistream.unit_periods /*on cluster*/
(
    `kpi` LowCardinality(String) COMMENT 'KPI, as in kpis',
    `unit_kind` LowCardinality(String) COMMENT 'team, department or company',
    `unit` LowCardinality(String) COMMENT 'Team, department or company',
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

ALTER TABLE kpistream.awards /*on cluster*/ ADD COLUMN IF NOT EXISTS
    `unit_kind` LowCardinality(String) DEFAULT '' COMMENT 'team, department or company where a whole unit reached it, else empty' AFTER gap;

ALTER TABLE kpistream.awards /*on cluster*/ ADD COLUMN IF NOT EXISTS
    `unit` LowCardinality(String) DEFAULT '' COMMENT 'That unit, empty for awards of persons' AFTER unit_kind;

CREATE OR REPLACE VIEW bi.unit_attainment /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `unit_kind` String COMMENT 'team, department or company',
    `unit` String COMMENT 'Team, department or company',
    `period_kind` String COMMENT 'day, week, month, quarter, year, rolling_30d and the like, or a calendar of the plan',
    `period` String COMMENT 'Key of the period: 2026-W14, 2026-03, 2026-Q1; rolling periods by their last day',
    `first_day` Date COMMENT 'First day of the period',
    `last_day` Date COMMENT 'Last day of the period',
    `value` Nullable(Decimal(18, 4)) COMMENT 'Value, none where undefined',
    `target` Nullable(Decimal(18, 4)) COMMENT 'Target of the unit itself, none where there is none',
    `attainment_percent` Nullable(Decimal(18, 2)) COMMENT 'Attainment in percent, none where undefined',
    `rank` Nullable(UInt32) COMMENT 'Place among units of the same kind, 1 is best; ties share a place and leave the next ones out (1, 1, 3)',
    `dense_rank` Nullable(UInt32) COMMENT 'The same with no place left out (1, 1, 2)'
)
SQL SECURITY DEFINER
AS
SELECT
    kpi, kpi_name, unit_kind, unit, period_kind, period, first_day, last_day, value, target,
    CAST(attainment * 100 AS Nullable(Decimal(18, 2))) AS attainment_percent,
    if(merit IS NULL, NULL, toUInt32(rank() OVER places)) AS rank,
    if(merit IS NULL, NULL, toUInt32(dense_rank() OVER places)) AS dense_rank
FROM
(
    SELECT
        u.kpi AS kpi, ifNull(k.name_en, '') AS kpi_name, u.unit_kind AS unit_kind, u.unit AS unit,
        u.period_kind AS period_kind, u.period AS period, u.first_day AS first_day, u.last_day AS last_day,
        u.value AS value, u.target AS target, u.attainment AS attainment,
        if(ifNull(k.direction, 'up') = 'down', -u.value, u.value) AS merit
    FROM
    (
        SELECT kpi, unit_kind, unit, period_kind, period, first_day, last_day, value, target, attainment
        FROM kpistream.unit_periods FINAL
    ) AS u
    LEFT JOIN kpistream.current_kpis AS k ON k.kpi = u.kpi
)
WINDOW places AS (PARTITION BY kpi, unit_kind, period_kind, period ORDER BY merit DESC NULLS LAST)
COMMENT 'KPI values of units per period with their own targets, and their places among units of the same kind';

CREATE OR REPLACE VIEW bi.leaderboard /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `scope_kind` String COMMENT 'company, department or team: among whom the places are',
    `scope` String COMMENT 'Id of the company, department or team',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee',
    `role` String COMMENT 'Role in the newest plan',
    `period_kind` String COMMENT 'day, week, month, quarter, year, rolling_30d and the like, or a calendar of the plan',
    `period` String COMMENT 'Key of the period',
    `value` Decimal(18, 4) COMMENT 'Value',
    `attainment_percent` Nullable(Decimal(18, 2)) COMMENT 'Attainment in percent, none where undefined',
    `rank` UInt32 COMMENT 'Place, 1 is best; ties share a place and leave the next ones out (1, 1, 3)',
    `dense_rank` UInt32 COMMENT 'The same with no place left out (1, 1, 2)',
    `tied` Bool COMMENT 'Whether others have the same value'
)
SQL SECURITY DEFINER
AS
SELECT
    kpi, kpi_name, scope_kind, scope, employee, employee_name, role, period_kind, period, value, attainment_percent,
    toUInt32(rank() OVER places) AS rank,
    toUInt32(dense_rank() OVER places) AS dense_rank,
    count() OVER (PARTITION BY kpi, scope_kind, scope, period_kind, period, merit) > 1 AS tied
FROM
(
    SELECT
        p.kpi AS kpi, ifNull(k.name_en, '') AS kpi_name, scopes.1 AS scope_kind, scopes.2 AS scope,
        p.employee AS employee, o.employee_name AS employee_name, o.role AS role,
        p.period_kind AS period_kind, p.period AS period, assumeNotNull(p.value) AS value,
        CAST(p.attainment * 100 AS Nullable(Decimal(18, 2))) AS attainment_percent,
        if(ifNull(k.direction, 'up') = 'down', -assumeNotNull(p.value), assumeNotNull(p.value)) AS merit
    FROM
    (
        SELECT kpi, employee, period_kind, period, value, attainment
        FROM kpistream.kpi_periods FINAL
        WHERE value IS NOT NULL
    ) AS p
    INNER JOIN kpistream.current_organisation AS o ON o.employee = p.employee
    LEFT JOIN kpistream.current_kpis AS k ON k.kpi = p.kpi
    ARRAY JOIN [('company', o.company), ('department', o.department), ('team', o.team)] AS scopes
)
WINDOW places AS (PARTITION BY kpi, scope_kind, scope, period_kind, period ORDER BY merit DESC)
COMMENT 'Who stands where: places of persons per KPI and period within the company, each department and each team';

CREATE OR REPLACE VIEW bi.awards /*on cluster*/
(
    `award_id` String COMMENT 'Award',
    `employee` String COMMENT 'Employee, empty where a whole unit reached it',
    `unit_kind` String COMMENT 'team, department or company where a whole unit reached it, else empty',
    `unit` String COMMENT 'That unit, empty for awards of persons',
    `employee_name` String COMMENT 'Name of the employee or unit when it was decided',
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
    award_id, employee, unit_kind, unit, employee_name, team, department, rule, kind, name_en, name_zh, period_kind, period,
    tier, threshold, sequence, state, amount, currency, next_tier, gap, evidence, cause_source, cause_id,
    cause_type, cause_time, plan, plan_version, processed_at
FROM kpistream.awards FINAL
COMMENT 'Awards in their latest state; revoked ones stay, marked so';
