-- What the newest plan says, for people.
CREATE OR REPLACE VIEW bi.kpi_dictionary /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `name_en` String COMMENT 'Name in English',
    `name_zh` String COMMENT 'Name in Chinese',
    `description_en` String COMMENT 'Description in English',
    `description_zh` String COMMENT 'Description in Chinese',
    `aggregate` String COMMENT 'sum, count, mean, ratio, distinct, min or max',
    `events` Array(String) COMMENT 'Event types that count',
    `field` String COMMENT 'Field measured, empty where none is',
    `unit` String COMMENT 'money, count, percent, points, minutes, hours, days or number',
    `currency` String COMMENT 'Currency of money KPIs, else empty',
    `direction` String COMMENT 'up or down: which way is good',
    `definition` String COMMENT 'The KPI of the plan as JSON, with its filters and parts',
    `plan` String COMMENT 'Plan that defines it',
    `plan_version` UInt32 COMMENT 'Newest version that has it'
)
SQL SECURITY DEFINER
AS
SELECT
    d.kpi AS kpi, d.name_en AS name_en, d.name_zh AS name_zh, d.description_en AS description_en,
    d.description_zh AS description_zh, d.aggregate AS aggregate, d.events AS events, d.field AS field,
    d.unit AS unit, if(d.unit = 'money', ifNull(p.currency, ''), '') AS currency, d.direction AS direction,
    d.definition AS definition, d.plan AS plan, d.plan_version AS plan_version
FROM (SELECT * FROM kpistream.kpis FINAL ORDER BY version DESC LIMIT 1 BY kpi) AS d
LEFT JOIN (SELECT plan, plan_version, currency FROM kpistream.plan_versions FINAL) AS p
    ON p.plan = d.plan AND p.plan_version = d.plan_version
COMMENT 'The KPI dictionary: the newest published definition of every KPI';

CREATE OR REPLACE VIEW bi.organisation /*on cluster*/
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
FROM kpistream.current_organisation
COMMENT 'Who works where, by the newest plan';

CREATE OR REPLACE VIEW bi.targets /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `period_kind` String COMMENT 'Kind of period',
    `at` String COMMENT 'Key of the one period it holds for, empty for every period',
    `value` Decimal(18, 4) COMMENT 'What should be reached',
    `employee` String COMMENT 'Employee it holds for, empty for any',
    `role` String COMMENT 'Role it holds for, empty for any',
    `team` String COMMENT 'Team it holds for, empty for any',
    `department` String COMMENT 'Department it holds for, empty for any'
)
SQL SECURITY DEFINER
AS
SELECT kpi, period_kind, at, value, employee, role, team, department
FROM kpistream.targets FINAL
WHERE (plan, plan_version) IN (SELECT plan, plan_version FROM kpistream.current_plan)
COMMENT 'Targets of people in the newest plan as written, a row for each stretch of one that changes; which is in force: attainment; of units: unit_attainment';
