-- Scores of people, units and managers in one view; values of units say whose they are, and know managers.
CREATE OR REPLACE VIEW kpistream.current_names /*on cluster*/
(
    `kind` String COMMENT 'employee, team, department, company or manager',
    `id` String COMMENT 'Employee, team, department or company; of a manager the employee',
    `name` String COMMENT 'Name, of units in English'
)
SQL SECURITY DEFINER
AS
SELECT DISTINCT names.1 AS kind, names.2 AS id, names.3 AS name
FROM kpistream.current_organisation
ARRAY JOIN [
    ('employee', employee, employee_name), ('manager', employee, employee_name), ('team', team, team_name_en),
    ('department', department, department_name_en), ('company', company, company_name_en)
] AS names
COMMENT 'Names of people and units in the newest plan, for joins';

CREATE OR REPLACE VIEW bi.unit_attainment /*on cluster*/
(
    `kpi` String COMMENT 'KPI, or scorecard',
    `kpi_name` String COMMENT 'Name of the KPI or scorecard in English',
    `unit_kind` String COMMENT 'team, department, company, or manager: everything in the units that an employee leads',
    `unit` String COMMENT 'Team, department or company; of a manager the employee',
    `unit_name` String COMMENT 'Its name in English, or the name of the employee; empty where the newest plan has none',
    `period_kind` String COMMENT 'day, week, month, quarter, year, rolling_30d and the like, or a calendar of the plan',
    `period` String COMMENT 'Key of the period: 2026-W14, 2026-03, 2026-Q1; rolling periods by their last day',
    `first_day` Date COMMENT 'First day of the period',
    `last_day` Date COMMENT 'Last day of the period',
    `value` Nullable(Decimal(18, 4)) COMMENT 'Value, none where undefined; a score in percent',
    `target` Nullable(Decimal(18, 4)) COMMENT 'Target of the unit itself, none where there is none',
    `attainment_percent` Nullable(Decimal(18, 2)) COMMENT 'Attainment in percent, none where undefined',
    `rank` Nullable(UInt32) COMMENT 'Place among units of the same kind, 1 is best; ties share a place and leave the next ones out (1, 1, 3)',
    `dense_rank` Nullable(UInt32) COMMENT 'The same with no place left out (1, 1, 2)'
)
SQL SECURITY DEFINER
AS
SELECT
    kpi, kpi_name, unit_kind, unit, unit_name, period_kind, period, first_day, last_day, value, target,
    CAST(attainment * 100 AS Nullable(Decimal(18, 2))) AS attainment_percent,
    if(merit IS NULL, NULL, toUInt32(rank() OVER places)) AS rank,
    if(merit IS NULL, NULL, toUInt32(dense_rank() OVER places)) AS dense_rank
FROM
(
    SELECT
        u.kpi AS kpi, ifNull(k.name_en, '') AS kpi_name, u.unit_kind AS unit_kind, u.unit AS unit,
        ifNull(n.name, '') AS unit_name, u.period_kind AS period_kind, u.period AS period, u.first_day AS first_day,
        u.last_day AS last_day, u.value AS value, u.target AS target, u.attainment AS attainment,
        if(ifNull(k.direction, 'up') = 'down', -u.value, u.value) AS merit
    FROM
    (
        SELECT kpi, unit_kind, unit, period_kind, period, first_day, last_day, value, target, attainment
        FROM kpistream.unit_periods FINAL
    ) AS u
    LEFT JOIN kpistream.current_kpis AS k ON k.kpi = u.kpi
    LEFT JOIN kpistream.current_names AS n ON n.kind = u.unit_kind AND n.id = u.unit
)
WINDOW places AS (PARTITION BY kpi, unit_kind, period_kind, period ORDER BY merit DESC NULLS LAST)
COMMENT 'KPI values and scores of units per period with their own targets, and their places among units of the same kind';

CREATE OR REPLACE VIEW bi.scores /*on cluster*/
(
    `scorecard` String COMMENT 'Scorecard',
    `scorecard_name` String COMMENT 'Name of the scorecard in English',
    `kind` String COMMENT 'Who is scored: employee, team, department, company, or manager by what he leads',
    `id` String COMMENT 'Employee, team, department or company; of a manager the employee',
    `name` String COMMENT 'Name, of units in English; empty where the newest plan has none',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `first_day` Date COMMENT 'First day of the period',
    `last_day` Date COMMENT 'Last day of the period',
    `score` Decimal(18, 4) COMMENT 'Score in percent',
    `measured` UInt32 COMMENT 'KPIs of the scorecard that had an attainment',
    `rank` UInt32 COMMENT 'Place among those of the same kind, 1 is best; ties share a place and leave the next ones out (1, 1, 3)'
)
SQL SECURITY DEFINER
AS
SELECT
    s.kpi AS scorecard, k.name_en AS scorecard_name, s.kind AS kind, s.id AS id, ifNull(n.name, '') AS name,
    s.period_kind AS period_kind, s.period AS period, s.first_day AS first_day, s.last_day AS last_day,
    assumeNotNull(s.value) AS score, toUInt32(s.denominator) AS measured, toUInt32(rank() OVER places) AS rank
FROM
(
    SELECT kpi, 'employee' AS kind, employee AS id, period_kind, period, first_day, last_day, value, denominator
    FROM kpistream.kpi_periods FINAL
    WHERE value IS NOT NULL
    UNION ALL
    SELECT kpi, unit_kind AS kind, unit AS id, period_kind, period, first_day, last_day, value, denominator
    FROM kpistream.unit_periods FINAL
    WHERE value IS NOT NULL
) AS s
INNER JOIN kpistream.current_kpis AS k ON k.kpi = s.kpi AND k.aggregate = 'score'
LEFT JOIN kpistream.current_names AS n ON n.kind = s.kind AND n.id = s.id
WINDOW places AS (PARTITION BY s.kpi, s.kind, s.period_kind, s.period ORDER BY s.value DESC)
COMMENT 'Scores of people, units and managers per period, and their places';

ALTER TABLE kpistream.unit_periods /*on cluster*/ COMMENT COLUMN IF EXISTS `kpi` 'KPI, as in kpis, or scorecard';

ALTER TABLE kpistream.unit_periods /*on cluster*/ COMMENT COLUMN IF EXISTS `unit_kind` 'team, department, company, or manager: everything in the units that an employee leads';

ALTER TABLE kpistream.unit_periods /*on cluster*/ COMMENT COLUMN IF EXISTS `unit` 'Team, department or company; of a manager the employee';
