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
