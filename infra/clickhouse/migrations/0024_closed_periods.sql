-- Closed periods: which period pays a line, awards decided after the close, statements with adjustments.
ALTER TABLE kpistream.earnings /*on cluster*/
    ADD COLUMN IF NOT EXISTS `posted_in` LowCardinality(String) COMMENT 'Period that pays it: another than period where that was closed' AFTER `period`;

ALTER TABLE kpistream.awards /*on cluster*/
    ADD COLUMN IF NOT EXISTS `late` UInt8 COMMENT '1 where it was decided after its period was closed' AFTER `gap`;

CREATE OR REPLACE VIEW bi.earnings /*on cluster*/
(
    `line_id` String COMMENT 'Earning line',
    `employee` String COMMENT 'Employee',
    `team` String COMMENT 'Team',
    `department` String COMMENT 'Department',
    `rule` String COMMENT 'Award rule of the plan',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `posted_in` String COMMENT 'Key of the period that pays it: another than period where that was closed',
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
    line_id, employee, team, department, rule, period_kind, period, if(posted_in = '', period, posted_in) AS posted_in,
    amount, withheld, currency, basis, value_after,
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
    `currency` String COMMENT 'Currency of the money',
    `amount` Decimal(38, 4) COMMENT 'What the period pays: the sum of the lines posted in it',
    `adjustments` Decimal(38, 4) COMMENT 'Of amount, what belongs to closed periods',
    `withheld` Decimal(38, 4) COMMENT 'What caps keep back beside amount',
    `earned` Decimal(38, 4) COMMENT 'What the period earned as now known: the sum of the lines that belong to it',
    `lines` UInt64 COMMENT 'Number of earning lines posted in it'
)
SQL SECURITY DEFINER
AS
SELECT
    e.employee AS employee,
    ifNull(o.employee_name, '') AS employee_name,
    e.period_kind AS period_kind,
    e.at AS period,
    e.plan AS plan,
    e.currency AS currency,
    e.paid AS amount,
    e.adjusting AS adjustments,
    e.kept_back AS withheld,
    e.belonging AS earned,
    e.posted_lines AS lines
FROM
(
    SELECT
        employee, period_kind, at, plan, currency,
        sumIf(amount, at = posted) AS paid,
        sumIf(amount, at = posted AND at != period) AS adjusting,
        sumIf(withheld, at = posted) AS kept_back,
        sumIf(amount, at = period) AS belonging,
        countIf(at = posted) AS posted_lines
    FROM
    (
        SELECT
            employee, period_kind, period, plan, currency, amount, withheld,
            if(posted_in = '', period, posted_in) AS posted,
            arrayJoin(arrayDistinct([period, posted])) AS at
        FROM kpistream.earnings FINAL
    )
    GROUP BY employee, period_kind, at, plan, currency
) AS e
LEFT JOIN kpistream.current_organisation AS o ON o.employee = e.employee
COMMENT 'Statements: what each person is paid in each period and what for, projected from the earning lines';

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
    `late` UInt8 COMMENT '1 where it was decided after its period was closed',
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
    tier, threshold, sequence, state, amount, currency, next_tier, gap, late, evidence, cause_source, cause_id,
    cause_type, cause_time, plan, plan_version, processed_at
FROM kpistream.awards FINAL
COMMENT 'Awards in their latest state; revoked ones stay, marked so';
