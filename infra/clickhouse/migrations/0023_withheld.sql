-- What a cap withholds, on earning lines and statements.
ALTER TABLE kpistream.earnings /*on cluster*/
    ADD COLUMN IF NOT EXISTS `withheld` Decimal(18, 4) COMMENT 'What a cap kept back with this line, negative where it is given back' AFTER `amount`;

CREATE OR REPLACE VIEW bi.earnings /*on cluster*/
(
    `line_id` String COMMENT 'Earning line',
    `employee` String COMMENT 'Employee',
    `team` String COMMENT 'Team',
    `department` String COMMENT 'Department',
    `rule` String COMMENT 'Award rule of the plan',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `amount` Decimal(18, 4) COMMENT 'Money of the line, negative where it takes back',
    `withheld` Decimal(18, 4) COMMENT 'What a cap kept back with this line, negative where it is given back',
    `currency` String COMMENT 'Currency of amount',
    `basis` Decimal(18, 4) COMMENT 'Credited change that caused the line',
    `value_after` Decimal(18, 4) COMMENT 'Value of the KPI after it',
    `reason` String COMMENT 'credit, award, revocation or plan_change',
    `source` String COMMENT 'Source of the event that caused it',
    `id` String COMMENT 'Id of the event that caused it',
    `event_time` DateTime64(3, 'UTC') COMMENT 'When that event happened, UTC',
    `award_id` String COMMENT 'Award that it belongs to, empty if none',
    `plan` String COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Plan version that paid it',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was published, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    line_id, employee, team, department, rule, period_kind, period, amount, withheld, currency, basis, value_after,
    reason, source, id, event_time, award_id, plan, plan_version, processed_at
FROM kpistream.earnings FINAL
COMMENT 'Earning lines: money with what caused it';

CREATE OR REPLACE VIEW bi.statements /*on cluster*/
(
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee in the newest plan',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `plan` String COMMENT 'Plan',
    `currency` String COMMENT 'Currency of amount',
    `amount` Decimal(38, 4) COMMENT 'Sum of the earning lines',
    `withheld` Decimal(38, 4) COMMENT 'What caps keep back beside it',
    `lines` UInt64 COMMENT 'Number of earning lines'
)
SQL SECURITY DEFINER
AS
SELECT
    e.employee AS employee,
    ifNull(o.employee_name, '') AS employee_name,
    e.period_kind AS period_kind,
    e.period AS period,
    e.plan AS plan,
    e.currency AS currency,
    e.total AS amount,
    e.kept_back AS withheld,
    e.lines AS lines
FROM
(
    SELECT employee, period_kind, period, plan, currency, sum(amount) AS total, sum(withheld) AS kept_back, count() AS lines
    FROM kpistream.earnings FINAL
    GROUP BY employee, period_kind, period, plan, currency
) AS e
LEFT JOIN kpistream.current_organisation AS o ON o.employee = e.employee
COMMENT 'Statements: what each person earned in each period, the sum of the earning lines';
