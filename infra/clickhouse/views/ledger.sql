-- Earning lines, what was paid of them, and what is still due.
CREATE OR REPLACE VIEW bi.earnings /*on cluster*/
(
    `line_id` String COMMENT 'Earning line',
    `employee` String COMMENT 'Employee, empty where a unit itself is paid',
    `team` String COMMENT 'Team',
    `department` String COMMENT 'Department',
    `rule` String COMMENT 'Award rule of the plan, or draw',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `posted_in` String COMMENT 'Key of the period that pays it: another than period where that was closed',
    `amount` Decimal(18, 4) COMMENT 'Money of the line, negative where it takes back',
    `withheld` Decimal(18, 4) COMMENT 'What a cap kept back with this line, negative where it is given back',
    `currency` String COMMENT 'Currency of amount',
    `basis` Decimal(18, 4) COMMENT 'Credited change that caused the line; of a line of a draw what the lines of the period come to',
    `value_after` Decimal(18, 4) COMMENT 'Value of the KPI after it, of a pool its money; of a line of a draw the advances still to be recovered',
    `reason` String COMMENT 'credit (of a tier table, a pool, an award of units), award, revocation, plan_change, adjustment or spiff; of a draw guarantee, advance or recovery',
    `source` String COMMENT 'Source of the event that caused it',
    `id` String COMMENT 'Id of the event that caused it',
    `event_time` DateTime64(3, 'UTC') COMMENT 'When that event happened, or the payout was made, UTC',
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
UNION ALL
SELECT
    lower(hex(sipHash128(plan, period_kind, period, payout_version, employee, currency, reason))) AS line_id,
    employee, '' AS team, '' AS department, draw AS rule, period_kind, period, period AS posted_in, change AS amount,
    toDecimal64(0, 4) AS withheld, currency, earned AS basis, outstanding AS value_after, reason, '' AS source, '' AS id,
    processed_at AS event_time, '' AS award_id, plan, plan_version, processed_at
FROM
(
    SELECT
        plan, period_kind, period, payout_version, employee, currency, earned, outstanding, draw, plan_version,
        processed_at,
        guarantee - lagInFrame(guarantee, 1, toDecimal64(0, 4)) OVER before AS given,
        advance - lagInFrame(advance, 1, toDecimal64(0, 4)) OVER before AS lent,
        lagInFrame(recovery, 1, toDecimal64(0, 4)) OVER before - recovery AS recovered
    FROM kpistream.payouts FINAL
    WINDOW before AS (
        PARTITION BY plan, period_kind, period, employee, unit, currency ORDER BY payout_version
        ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
    )
)
ARRAY JOIN ['guarantee', 'advance', 'recovery'] AS reason, [given, lent, recovered] AS change
WHERE change != 0
COMMENT 'Earning lines: money with what caused it; each version of a payout has lines for what its draws change';

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
    `draws` Decimal(38, 4) COMMENT 'Of amount, what draws add, less what is recovered of former advances',
    `withheld` Decimal(38, 4) COMMENT 'What caps keep back beside amount',
    `earned` Decimal(38, 4) COMMENT 'What the period earned as now known: the sum of the lines that belong to it, but for advances and what recovers them',
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
    e.drawn AS draws,
    e.kept_back AS withheld,
    e.belonging AS earned,
    e.posted_lines AS lines
FROM
(
    SELECT
        employee, period_kind, at, plan, currency,
        sumIf(amount, at = posted) AS paid,
        sumIf(amount, at = posted AND at != period) AS adjusting,
        sumIf(amount, reason IN ('guarantee', 'advance', 'recovery')) AS drawn,
        sumIf(withheld, at = posted) AS kept_back,
        sumIf(amount, at = period AND reason NOT IN ('advance', 'recovery')) AS belonging,
        countIf(at = posted) AS posted_lines
    FROM
    (
        SELECT
            employee, period_kind, period, plan, currency, amount, withheld, reason, posted_in AS posted,
            arrayJoin(arrayDistinct([period, posted])) AS at
        FROM bi.earnings
    )
    GROUP BY employee, period_kind, at, plan, currency
) AS e
LEFT JOIN kpistream.current_organisation AS o ON o.employee = e.employee
COMMENT 'Statements: what each person is paid in each period and what for, projected from the earning lines';

CREATE OR REPLACE VIEW bi.closes /*on cluster*/
(
    `plan` String COMMENT 'Plan',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `closed_by` String COMMENT 'Who closed it, empty if nobody said so',
    `closed_at` DateTime64(3, 'UTC') COMMENT 'When it was closed, UTC',
    `plan_version` UInt32 COMMENT 'Plan version in force there',
    `late` String COMMENT 'What that version says of events that come later: event_date or process_date',
    `payout_version` UInt32 COMMENT 'Newest version of its payout, 0 for none',
    `paid` Bool COMMENT 'Whether payments of it were recorded'
)
SQL SECURITY DEFINER
AS
SELECT
    c.plan AS plan, c.period_kind AS period_kind, c.period AS period, c.by AS closed_by, c.closed AS closed_at,
    ifNull(v.plan_version, 0) AS plan_version, JSONExtractString(ifNull(v.document, ''), 'late') AS late,
    ifNull(p.newest, 0) AS payout_version, ifNull(m.payments, 0) > 0 AS paid
FROM
(
    SELECT
        plan, period_kind, period, argMin(closed_by, control_offset) AS by, argMin(closed_at, control_offset) AS closed,
        min(toUInt64(control_offset)) AS at
    FROM kpistream.closes FINAL
    GROUP BY plan, period_kind, period
) AS c
ASOF LEFT JOIN (SELECT plan, plan_version, document, version FROM kpistream.plan_versions FINAL) AS v
    ON v.plan = c.plan AND c.at >= v.version
LEFT JOIN
(
    SELECT plan, period_kind, period, max(payout_version) AS newest
    FROM kpistream.payouts FINAL
    GROUP BY plan, period_kind, period
) AS p ON p.plan = c.plan AND p.period_kind = c.period_kind AND p.period = c.period
LEFT JOIN
(
    SELECT plan, period_kind, period, count() AS payments
    FROM kpistream.payments FINAL
    GROUP BY plan, period_kind, period
) AS m ON m.plan = c.plan AND m.period_kind = c.period_kind AND m.period = c.period
COMMENT 'Closes: which periods are frozen, by whom, under which plan, and whether they are paid';

CREATE OR REPLACE VIEW bi.payouts /*on cluster*/
(
    `plan` String COMMENT 'Plan',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period that pays',
    `payout_version` UInt32 COMMENT 'Counts the payouts of the period',
    `newest` Bool COMMENT 'Whether it is the newest version',
    `employee` String COMMENT 'Employee, empty where a unit itself is paid',
    `unit` String COMMENT 'team:id, department:id or company where a unit itself is paid, else empty',
    `currency` String COMMENT 'Currency of the money',
    `amount` Decimal(38, 4) COMMENT 'Due: earned + guarantee + advance - recovery',
    `lines` UInt64 COMMENT 'Number of earning lines posted in the period',
    `earned` Decimal(18, 4) COMMENT 'Their sum',
    `guarantee` Decimal(18, 4) COMMENT 'What a guarantee adds',
    `advance` Decimal(18, 4) COMMENT 'What a recoverable draw adds',
    `recovery` Decimal(18, 4) COMMENT 'What is taken back of former advances',
    `outstanding` Decimal(18, 4) COMMENT 'Advances still to be recovered after it',
    `draw` String COMMENT 'Draw that held, empty for none',
    `plan_version` UInt32 COMMENT 'Plan version in force when it was made',
    `made_at` DateTime64(3, 'UTC') COMMENT 'When it was made, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    plan, period_kind, period, payout_version,
    payout_version = max(payout_version) OVER (PARTITION BY plan, period_kind, period) AS newest,
    employee, unit, currency, toDecimal128(earned, 4) + guarantee + advance - recovery AS amount, lines,
    earned, guarantee, advance, recovery, outstanding, draw, plan_version, processed_at AS made_at
FROM kpistream.payouts FINAL
COMMENT 'Payouts: what each period pays, in all versions';

CREATE OR REPLACE VIEW bi.payments /*on cluster*/
(
    `plan` String COMMENT 'Plan',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period paid for',
    `payout_version` UInt32 COMMENT 'Version of the payout that was paid',
    `employee` String COMMENT 'Employee, empty where a unit itself is paid',
    `unit` String COMMENT 'Unit itself, else empty',
    `currency` String COMMENT 'Currency of amount',
    `amount` Decimal(18, 4) COMMENT 'What was paid, negative where it was taken back',
    `paid_at` DateTime64(3, 'UTC') COMMENT 'When it was recorded, UTC'
)
SQL SECURITY DEFINER
AS
SELECT plan, period_kind, period, payout_version, employee, unit, currency, amount, processed_at AS paid_at
FROM kpistream.payments FINAL
COMMENT 'Payments recorded';

CREATE OR REPLACE VIEW bi.balances /*on cluster*/
(
    `plan` String COMMENT 'Plan',
    `employee` String COMMENT 'Employee, empty where a unit itself is paid',
    `unit` String COMMENT 'Unit itself, else empty',
    `currency` String COMMENT 'Currency of the money',
    `earned` Decimal(38, 4) COMMENT 'Sum of all earning lines, and of what guarantees added in the newest payouts',
    `paid` Decimal(38, 4) COMMENT 'Sum of all payments',
    `balance` Decimal(38, 4) COMMENT 'earned - paid: still to be paid; negative where advances or more were paid beyond it',
    `outstanding` Decimal(38, 4) COMMENT 'Advances that later earnings have to recover: balance + outstanding is still to be paid'
)
SQL SECURITY DEFINER
AS
SELECT plan, employee, unit, currency, sum(gained) AS earned, sum(given) AS paid, earned - paid AS balance,
    sum(lent) AS outstanding
FROM
(
    SELECT
        plan, employee,
        multiIf(
            employee != '', '', team != '', concat('team:', team), department != '', concat('department:', department),
            'company'
        ) AS unit,
        currency, toDecimal128(amount, 4) AS gained, toDecimal128(0, 4) AS given,
        toDecimal128(0, 4) AS lent
    FROM kpistream.earnings FINAL
    UNION ALL
    SELECT plan, employee, unit, currency, toDecimal128(guarantee, 4) AS gained, toDecimal128(0, 4) AS given,
        toDecimal128(advance, 4) - recovery AS lent
    FROM bi.payouts
    WHERE newest
    UNION ALL
    SELECT plan, employee, unit, currency, toDecimal128(0, 4) AS gained, toDecimal128(amount, 4) AS given,
        toDecimal128(0, 4) AS lent
    FROM kpistream.payments FINAL
)
GROUP BY plan, employee, unit, currency
COMMENT 'Balances: what was earned, what was paid, what is left, what was lent';
