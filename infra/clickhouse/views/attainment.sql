-- Values with targets, attainment and places; scores; who leads what.
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

CREATE OR REPLACE VIEW bi.managers /*on cluster*/
(
    `manager` String COMMENT 'Employee who leads the unit',
    `manager_name` String COMMENT 'Name of the employee',
    `unit_kind` String COMMENT 'team, department or company; whoever leads a department leads its teams with it',
    `unit` String COMMENT 'That team, department or company',
    `unit_name` String COMMENT 'Its name in English',
    `first_day` Nullable(Date32) COMMENT 'First day on which he leads it, none where he has from the beginning',
    `last_day` Nullable(Date32) COMMENT 'Last day on which he leads it, none where no other is named'
)
SQL SECURITY DEFINER
AS
WITH
    led AS
    (
        WITH
            JSONExtractRaw(document, 'organisation') AS company,
            JSONExtractArrayRaw(company, 'departments') AS departments,
            arrayFlatten(arrayMap(one -> JSONExtractArrayRaw(one, 'teams'), departments)) AS teams
        SELECT units.1 AS unit_kind, units.2 AS said
        FROM (SELECT document FROM kpistream.plan_versions FINAL ORDER BY version DESC LIMIT 1)
        ARRAY JOIN arrayConcat(
            [('company', company)],
            arrayMap(one -> ('department', one), departments),
            arrayMap(one -> ('team', one), teams)
        ) AS units
    ),
    spells AS
    (
        WITH
            JSONExtractArrayRaw(said, 'handovers') AS handovers,
            arrayMap(one -> toDate32(JSONExtractString(one, 'date')), handovers) AS dates
        SELECT
            unit_kind, JSONExtractString(said, if(unit_kind = 'company', 'company', 'id')) AS unit,
            JSONExtractString(said, 'name', 'en') AS unit_name, held.1 AS manager, held.2 AS first_day, held.3 AS last_day
        FROM led
        ARRAY JOIN arrayZip(
            arrayConcat([JSONExtractString(said, 'manager')], arrayMap(one -> JSONExtractString(one, 'manager'), handovers)),
            arrayConcat([CAST(NULL AS Nullable(Date32))], dates),
            arrayConcat(arrayMap(one -> one - 1, dates), [CAST(NULL AS Nullable(Date32))])
        ) AS held
    )
SELECT
    s.manager AS manager, ifNull(n.name, '') AS manager_name, s.unit_kind AS unit_kind, s.unit AS unit,
    s.unit_name AS unit_name, s.first_day AS first_day, s.last_day AS last_day
FROM (SELECT * FROM spells WHERE manager != '') AS s
LEFT JOIN kpistream.current_names AS n ON n.kind = 'manager' AND n.id = s.manager
COMMENT 'Who leads which team, department or company on which days, by the newest plan';
