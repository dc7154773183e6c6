CREATE OR REPLACE VIEW bi.progress /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee',
    `team` String COMMENT 'Team in the newest plan',
    `department` String COMMENT 'Department in the newest plan',
    `role` String COMMENT 'Role in the newest plan',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `first_day` Date COMMENT 'First day of the period',
    `last_day` Date COMMENT 'Last day of the period',
    `as_of` Date COMMENT 'The day that expected and pace are about: the latest one on which something credited happened, at most the last day of the period',
    `is_open` Bool COMMENT 'Whether days of the period are left after as_of',
    `value` Nullable(Decimal(18, 4)) COMMENT 'Value, none where undefined',
    `target` Nullable(Decimal(18, 4)) COMMENT 'Target in force, none where there is none',
    `attainment_percent` Nullable(Decimal(18, 2)) COMMENT 'Attainment in percent, none where undefined',
    `workdays` UInt32 COMMENT 'Working days of the period on which the person works; 0 for rolling periods',
    `workdays_gone` UInt32 COMMENT 'Of these, those up to and with as_of',
    `expected` Nullable(Decimal(38, 4)) COMMENT 'What is expected by as_of: target x workdays_gone / workdays; the target for means, ratios, smallest and largest values',
    `pace_percent` Nullable(Decimal(38, 2)) COMMENT 'Value in percent of expected (expected of value where lower is better); the attainment for means and the like',
    `forecast` Nullable(Decimal(38, 4)) COMMENT 'Where it leads by the end: value x workdays / workdays_gone; the value for means and the like',
    `next_rule` String COMMENT 'Tier award whose next tier is the nearest, empty if none is left',
    `next_tier` String COMMENT 'Bound of that tier as written in the plan, in percent where it is an attainment',
    `next_value` Nullable(Decimal(38, 4)) COMMENT 'The value at which it is reached',
    `gap_to_next_tier` Nullable(Decimal(38, 4)) COMMENT 'What is missing to it, in the unit of the KPI; 0 where only events are',
    `sample_to_next_tier` Nullable(UInt32) COMMENT 'Events that are missing to its smallest sample; of a ratio what is missing to its denominator',
    `reaches_next_tier` Nullable(Bool) COMMENT 'Whether the forecast of the value reaches it',
    `unit` String COMMENT 'Unit of value, target, expected, forecast and gap'
)
SQL SECURITY DEFINER
AS
SELECT
    r.kpi AS kpi, r.kpi_name AS kpi_name, r.employee AS employee, r.employee_name AS employee_name, r.team AS team,
    r.department AS department, r.role AS role, r.period_kind AS period_kind, r.period AS period,
    r.first_day AS first_day, r.last_day AS last_day, r.as_of AS as_of, r.as_of < r.last_day AS is_open,
    r.value AS value, r.target AS target, CAST(r.attainment * 100 AS Nullable(Decimal(18, 2))) AS attainment_percent,
    r.days AS workdays, r.gone AS workdays_gone,
    CAST(round(r.due, 4) AS Nullable(Decimal(38, 4))) AS expected,
    CAST(round(r.ratio * 100, 2) AS Nullable(Decimal(38, 2))) AS pace_percent,
    CAST(round(r.leads_to, 4) AS Nullable(Decimal(38, 4))) AS forecast,
    if(empty(r.ahead), '', tupleElement(r.ahead[1], 2)) AS next_rule,
    if(empty(r.ahead), '', tupleElement(r.ahead[1], 4)) AS next_tier,
    if(empty(r.ahead), NULL, CAST(round(tupleElement(r.ahead[1], 5), 4) AS Nullable(Decimal(38, 4)))) AS next_value,
    if(empty(r.ahead), NULL, CAST(round(tupleElement(r.ahead[1], 1), 4) AS Nullable(Decimal(38, 4)))) AS gap_to_next_tier,
    if(empty(r.ahead), NULL, CAST(ceil(tupleElement(r.ahead[1], 6)) AS Nullable(UInt32))) AS sample_to_next_tier,
    if(
        empty(r.ahead), NULL,
        CAST(if(r.down, r.leads_to <= tupleElement(r.ahead[1], 5), r.leads_to >= tupleElement(r.ahead[1], 5)) AS Nullable(Bool))
    ) AS reaches_next_tier,
    r.unit AS unit
FROM
(
    SELECT
        w.*,
        multiIf(
            w.rolling, NULL, NOT w.adds, toDecimal256(w.target, 30), w.days = 0, NULL,
            divideDecimal(toDecimal256(w.target, 4) * w.gone, toDecimal256(w.days, 0), 30)
        ) AS due,
        multiIf(
            w.rolling, NULL, NOT w.adds, toDecimal256(w.value, 30), w.gone = 0, NULL,
            divideDecimal(toDecimal256(w.value, 4) * w.days, toDecimal256(w.gone, 0), 30)
        ) AS leads_to,
        multiIf(
            w.rolling, NULL, NOT w.adds, toDecimal256(w.attainment, 30), w.gone = 0 OR ifNull(w.target, 0) <= 0, NULL,
            NOT w.down, divideDecimal(toDecimal256(w.value, 4) * w.days, toDecimal256(w.target, 4) * w.gone, 30),
            w.value <= 0, toDecimal256(w.at_zero, 30),
            divideDecimal(toDecimal256(w.target, 4) * w.gone, toDecimal256(w.value, 4) * w.days, 30)
        ) AS ratio,
        -- the tiers by what they take: rule, number, bound, ratio, the value that reaches it, what is missing to its sample
        arrayMap(
            one -> (one.1, one.7, one.3, one.4, multiIf(
                isNotNull(one.5), toDecimal256(one.5, 30), ifNull(w.target, 0) <= 0, NULL,
                NOT w.down, toDecimal256(toDecimal256(w.target, 4) * one.4, 30),
                divideDecimal(toDecimal256(w.target, 4), toDecimal256(nullIf(one.4, 0), 10), 30)
            ), greatest(one.6 - w.sample, 0)),
            arrayFilter(one -> empty(one.2) OR has(one.2, w.role), w.tiers)
        ) AS asked,
        -- those that are not reached: gap, rule, number, bound, value, sample; the nearest first
        arraySort(arrayFilter(
            one -> one.1 > 0 OR one.6 > 0,
            arrayMap(
                one -> (
                    if(
                        if(w.down, if(w.value <= 0 AND isNotNull(one.4), w.at_zero >= one.4, w.value <= one.5), w.value >= one.5),
                        0, assumeNotNull(abs(one.5 - w.value))
                    ),
                    one.1, one.2, one.3, assumeNotNull(one.5), one.6
                ),
                arrayFilter(one -> isNotNull(w.value) AND isNotNull(one.5), asked)
            )
        )) AS ahead
    FROM
    (
        SELECT
            p.kpi AS kpi, ifNull(k.name_en, '') AS kpi_name, p.employee AS employee,
            ifNull(o.employee_name, '') AS employee_name, ifNull(o.team, '') AS team,
            ifNull(o.department, '') AS department, ifNull(o.role, '') AS role, p.period_kind AS period_kind,
            p.period AS period, p.first_day AS first_day, p.last_day AS last_day, p.value AS value, p.target AS target,
            p.attainment AS attainment, p.denominator AS sample, ifNull(k.unit, '') AS unit, ifNull(d.at_zero, 1) AS at_zero, t.tiers AS tiers,
            startsWith(p.period_kind, 'rolling_') AS rolling,
            ifNull(k.aggregate, '') IN ('sum', 'count', 'distinct') AS adds,
            ifNull(k.direction, 'up') = 'down' AS down,
            least(p.last_day, ifNull((
                SELECT toDate(max(event_time), ifNull((SELECT timezone FROM kpistream.current_plan), 'UTC'))
                FROM kpistream.credits
            ), p.last_day)) AS as_of,
            arrayFilter(
                day -> has(a.weekdays, toDayOfWeek(day)) AND NOT has(a.holidays, day) AND day >= a.start AND day < a.`end`
                    AND NOT arrayExists(away -> day >= away.1 AND day < away.2, a.leave),
                arrayMap(
                    number -> toDate32(p.first_day) + number,
                    range(if(startsWith(p.period_kind, 'rolling_'), 0, toUInt32(p.last_day - p.first_day + 1)))
                )
            ) AS working,
            toUInt32(length(working)) AS days,
            toUInt32(arrayCount(day -> day <= as_of, working)) AS gone
        FROM
        (
            SELECT kpi, employee, period_kind, period, first_day, last_day, value, target, attainment, denominator
            FROM kpistream.kpi_periods FINAL
        ) AS p
        LEFT JOIN kpistream.current_kpis AS k ON k.kpi = p.kpi
        LEFT JOIN kpistream.current_organisation AS o ON o.employee = p.employee
        LEFT JOIN kpistream.current_attendance AS a ON a.employee = p.employee
        LEFT JOIN
        (
            SELECT
                kpi,
                toDecimal128OrZero(
                    replaceOne(JSONExtractString(argMax(definition, version), 'attainment_at_zero'), '%', ''), 10
                ) / 100 AS at_zero
            FROM kpistream.kpis
            GROUP BY kpi
        ) AS d ON d.kpi = p.kpi
        LEFT JOIN
        (
            SELECT kpi, period_kind, groupArray((rule, roles, bound, ratio, amount, min_sample, tier)) AS tiers
            FROM kpistream.current_tiers
            GROUP BY kpi, period_kind
        ) AS t ON t.kpi = p.kpi AND t.period_kind = p.period_kind
    ) AS w
) AS r
COMMENT 'Progress: each person, KPI and period with target, what is expected by now, pace, forecast and the next tier';
