-- Who leads what, by date; awards and earning lines say what they are of managers, places and pools.
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

CREATE OR REPLACE VIEW bi.awards /*on cluster*/
(
    `award_id` String COMMENT 'Award',
    `employee` String COMMENT 'Employee; of an award of managers the manager; empty where another unit reached it',
    `unit_kind` String COMMENT 'team, department, company or manager where a whole unit reached it: a manager by what he leads; else empty',
    `unit` String COMMENT 'That unit, of managers the employee; empty for awards of persons',
    `employee_name` String COMMENT 'Name of the employee or unit when it was decided',
    `team` String COMMENT 'Team',
    `department` String COMMENT 'Department',
    `rule` String COMMENT 'Award rule of the plan',
    `kind` String COMMENT 'tier; bonus, promotion or both, after streak+ or personal_best+ where it is one; nudge, training, honour, first',
    `name_en` String COMMENT 'Name in English',
    `name_zh` String COMMENT 'Name in Chinese',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `tier` Int32 COMMENT 'Index in the tier table, 0 for other awards',
    `threshold` String COMMENT 'The bound as written in the plan; of an honour or a first place with the place reached',
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
