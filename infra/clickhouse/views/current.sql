-- The newest plan, for joins. The newest is the last one in the control topic.
CREATE OR REPLACE VIEW kpistream.current_plan /*on cluster*/
(
    `plan` String COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Version of the plan',
    `timezone` String COMMENT 'IANA time zone that days and periods are cut in',
    `currency` String COMMENT 'Currency of money KPIs and earnings',
    `company` String COMMENT 'Company'
)
SQL SECURITY DEFINER
AS
SELECT plan, plan_version, timezone, currency, company
FROM kpistream.plan_versions FINAL
ORDER BY version DESC
LIMIT 1
COMMENT 'The plan applied last';

CREATE OR REPLACE VIEW kpistream.current_kpis /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `name_en` String COMMENT 'Name in English',
    `aggregate` String COMMENT 'sum, count, mean, ratio, distinct, min or max',
    `unit` String COMMENT 'Unit of the value',
    `direction` String COMMENT 'up or down: which way is good',
    `factor` UInt8 COMMENT '100 for ratios shown as percentages, else 1'
)
SQL SECURITY DEFINER
AS
SELECT
    d.kpi AS kpi,
    argMax(d.name_en, d.version) AS name_en,
    argMax(d.aggregate, d.version) AS aggregate,
    argMax(d.unit, d.version) AS unit,
    argMax(d.direction, d.version) AS direction,
    argMax(if(d.aggregate = 'ratio' AND d.unit = 'percent', 100, 1), d.version) AS factor
FROM kpistream.kpis AS d
GROUP BY d.kpi
COMMENT 'The newest definition of every KPI, also of those that the newest plan no longer has';

CREATE OR REPLACE VIEW kpistream.current_organisation /*on cluster*/
(
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee',
    `role` String COMMENT 'Role',
    `team` String COMMENT 'Team',
    `team_name_en` String COMMENT 'Name of the team in English',
    `team_name_zh` String COMMENT 'Name of the team in Chinese',
    `department` String COMMENT 'Department',
    `department_name_en` String COMMENT 'Name of the department in English',
    `department_name_zh` String COMMENT 'Name of the department in Chinese',
    `company` String COMMENT 'Company',
    `company_name_en` String COMMENT 'Name of the company in English',
    `company_name_zh` String COMMENT 'Name of the company in Chinese'
)
SQL SECURITY DEFINER
AS
SELECT
    employee, employee_name, role, team, team_name_en, team_name_zh, department, department_name_en,
    department_name_zh, company, company_name_en, company_name_zh
FROM kpistream.organisation FINAL
WHERE (plan, plan_version) IN (SELECT plan, plan_version FROM kpistream.current_plan)
COMMENT 'The organisation of the newest plan';

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

CREATE OR REPLACE VIEW kpistream.current_attendance /*on cluster*/
(
    `employee` String COMMENT 'Employee',
    `start` Date32 COMMENT 'First day in the company, 1970-01-01 if the plan names none',
    `end` Date32 COMMENT 'First day after the last one, 2200-01-01 if the plan names none',
    `leave` Array(Tuple(Date32, Date32)) COMMENT 'Spans of days away: first day, first day back',
    `weekdays` Array(UInt8) COMMENT 'Weekdays on which the company works, Monday is 1',
    `holidays` Array(Date32) COMMENT 'Dates that are no working days'
)
SQL SECURITY DEFINER
AS
SELECT
    JSONExtractString(person, 'id') AS employee,
    toDate32(if(JSONHas(person, 'start'), JSONExtractString(person, 'start'), '1970-01-01')) AS start,
    toDate32(if(JSONHas(person, 'end'), JSONExtractString(person, 'end'), '2200-01-01')) AS `end`,
    arrayMap(
        one -> (toDate32(JSONExtractString(one, 'start')), toDate32(JSONExtractString(one, 'end'))),
        JSONExtractArrayRaw(person, 'leave')
    ) AS leave,
    if(
        JSONLength(document, 'workdays') = 0, [1, 2, 3, 4, 5, 6, 7],
        arrayMap(
            one -> toUInt8(indexOf(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], one)),
            JSONExtract(document, 'workdays', 'Array(String)')
        )
    ) AS weekdays,
    arrayMap(one -> toDate32(one), JSONExtract(document, 'holidays', 'Array(String)')) AS holidays
FROM
(
    SELECT document FROM kpistream.plan_versions FINAL ORDER BY version DESC LIMIT 1
)
ARRAY JOIN arrayFlatten(arrayMap(
    department -> arrayFlatten(arrayMap(
        team -> JSONExtractArrayRaw(team, 'employees'), JSONExtractArrayRaw(department, 'teams')
    )),
    JSONExtractArrayRaw(JSONExtractRaw(document, 'organisation'), 'departments')
)) AS person
COMMENT 'On which days people work, by the newest plan';

CREATE OR REPLACE VIEW kpistream.current_tiers /*on cluster*/
(
    `rule` String COMMENT 'Award rule of the plan',
    `kpi` String COMMENT 'KPI that the bounds are on',
    `period_kind` String COMMENT 'Kind of period',
    `roles` Array(String) COMMENT 'Who can earn it, empty for everyone',
    `tier` Int32 COMMENT 'Index in the tier table',
    `bound` String COMMENT 'The bound as written in the plan, in percent where it is an attainment',
    `ratio` Nullable(Decimal(38, 10)) COMMENT 'The bound where it is an attainment, 1 is 100 percent',
    `amount` Nullable(Decimal(38, 10)) COMMENT 'The bound where it is a value',
    `min_sample` UInt32 COMMENT 'Events that must stand behind the value'
)
SQL SECURITY DEFINER
AS
SELECT
    JSONExtractString(award, 'id') AS rule,
    JSONExtractString(award, 'kpi') AS kpi,
    JSONExtractString(award, 'period') AS period_kind,
    JSONExtract(award, 'roles', 'Array(String)') AS roles,
    toInt32(number - 1) AS tier,
    if(JSONHas(one, 'attainment'), JSONExtractString(one, 'attainment'), JSONExtractString(one, 'value')) AS bound,
    toDecimal128OrNull(if(endsWith(bound, '%'), replaceOne(bound, '%', ''), ''), 10) / 100 AS ratio,
    toDecimal128OrNull(bound, 10) AS amount,
    toUInt32(JSONExtractUInt(award, 'min_sample')) AS min_sample
FROM
(
    SELECT award
    FROM
    (
        SELECT document FROM kpistream.plan_versions FINAL ORDER BY version DESC LIMIT 1
    )
    ARRAY JOIN JSONExtractArrayRaw(document, 'awards') AS award
    WHERE JSONExtractString(award, 'kind') = 'tiers' AND NOT JSONHas(award, 'unit')
)
ARRAY JOIN JSONExtractArrayRaw(award, 'tiers') AS one, arrayEnumerate(JSONExtractArrayRaw(award, 'tiers')) AS number
COMMENT 'Tier tables of persons in the newest plan, a row for each tier';
