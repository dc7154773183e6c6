-- Payouts, written by kpistream close and payout, and payments, written by kpistream pay; rows are only ever added.
CREATE TABLE IF NOT EXISTS kpistream.payouts /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period that pays',
    `payout_version` UInt32 COMMENT 'Counts the payouts of the period; a new one where the sums have changed',
    `employee` LowCardinality(String) COMMENT 'Employee, empty where a unit itself is paid',
    `unit` LowCardinality(String) COMMENT 'team:id, department:id or company where a unit itself is paid, else empty',
    `currency` LowCardinality(String) COMMENT 'Currency of the money',
    `lines` UInt64 COMMENT 'Number of earning lines posted in the period',
    `earned` Decimal(18, 4) COMMENT 'Their sum',
    `guarantee` Decimal(18, 4) COMMENT 'What a guarantee adds',
    `advance` Decimal(18, 4) COMMENT 'What a recoverable draw adds',
    `recovery` Decimal(18, 4) COMMENT 'What is taken back of former advances',
    `outstanding` Decimal(18, 4) COMMENT 'Advances still to be recovered after it',
    `plan_version` UInt32 COMMENT 'Plan version in force when it was made',
    `version` UInt64 COMMENT 'When it was made, ms since the epoch',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was made, UTC'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, period_kind, period, payout_version, employee, unit, currency)
COMMENT 'Payouts of periods in all their versions';

CREATE TABLE IF NOT EXISTS kpistream.payments /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `period` LowCardinality(String) COMMENT 'Key of the period paid for',
    `payout_version` UInt32 COMMENT 'Version of the payout that was paid',
    `employee` LowCardinality(String) COMMENT 'Employee, empty where a unit itself is paid',
    `unit` LowCardinality(String) COMMENT 'Unit itself, else empty',
    `currency` LowCardinality(String) COMMENT 'Currency of amount',
    `amount` Decimal(18, 4) COMMENT 'Due less what was paid for the period before; negative where it is taken back',
    `version` UInt64 COMMENT 'When it was recorded, ms since the epoch',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was recorded, UTC'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, period_kind, period, payout_version, employee, unit, currency)
COMMENT 'Payments; the key makes the same payment recorded twice one';

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
    `plan_version` UInt32 COMMENT 'Plan version in force when it was made',
    `made_at` DateTime64(3, 'UTC') COMMENT 'When it was made, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    plan, period_kind, period, payout_version,
    payout_version = max(payout_version) OVER (PARTITION BY plan, period_kind, period) AS newest,
    employee, unit, currency, toDecimal128(earned, 4) + guarantee + advance - recovery AS amount, lines,
    earned, guarantee, advance, recovery, outstanding, plan_version, processed_at AS made_at
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
    `balance` Decimal(38, 4) COMMENT 'earned - paid: still to be paid; negative where advances or more were paid beyond it'
)
SQL SECURITY DEFINER
AS
SELECT plan, employee, unit, currency, sum(gained) AS earned, sum(given) AS paid, earned - paid AS balance
FROM
(
    SELECT
        plan, employee,
        multiIf(
            employee != '', '', team != '', concat('team:', team), department != '', concat('department:', department),
            'company'
        ) AS unit,
        currency, toDecimal128(amount, 4) AS gained, toDecimal128(0, 4) AS given
    FROM kpistream.earnings FINAL
    UNION ALL
    SELECT plan, employee, unit, currency, toDecimal128(guarantee, 4) AS gained, toDecimal128(0, 4) AS given
    FROM bi.payouts
    WHERE newest
    UNION ALL
    SELECT plan, employee, unit, currency, toDecimal128(0, 4) AS gained, toDecimal128(amount, 4) AS given
    FROM kpistream.payments FINAL
)
GROUP BY plan, employee, unit, currency
COMMENT 'Balances: what was earned, what was paid, what is left';
