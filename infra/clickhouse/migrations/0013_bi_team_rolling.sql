-- Rolling windows by window functions: one pass over the cells. Unit totals: a split event counts once.
CREATE OR REPLACE VIEW bi.kpi_team_rolling /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `team` String COMMENT 'Team',
    `team_name` String COMMENT 'Name of the team in English',
    `day` Date COMMENT 'Last day of the windows: every day on which the KPI has data',
    `value_7d` Nullable(Decimal(18, 4)) COMMENT 'Value over the 7 days that end on this day',
    `value_30d` Nullable(Decimal(18, 4)) COMMENT 'Value over the 30 days that end on this day',
    `value_90d` Nullable(Decimal(18, 4)) COMMENT 'Value over the 90 days that end on this day',
    `unit` String COMMENT 'money, count, percent, points, minutes, hours, days or number'
)
SQL SECURITY DEFINER
AS
SELECT
    c.kpi AS kpi,
    k.name_en AS kpi_name,
    c.unit AS team,
    ifNull(o.name, '') AS team_name,
    c.day AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_7, 4),
        k.aggregate = 'min', c.smallest_7,
        k.aggregate = 'max', c.largest_7,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_7 = 0, NULL, reinterpret(toInt64(sign(c.upper_7) * sign(c.lower_7) * intDiv(
            2 * abs(toInt256(c.upper_7 * 10000)) * k.factor * 10000 + abs(toInt256(c.lower_7 * 10000)),
            greatest(2 * abs(toInt256(c.lower_7 * 10000)), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_7 AS Decimal(18, 4))) AS value_7d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_30, 4),
        k.aggregate = 'min', c.smallest_30,
        k.aggregate = 'max', c.largest_30,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_30 = 0, NULL, reinterpret(toInt64(sign(c.upper_30) * sign(c.lower_30) * intDiv(
            2 * abs(toInt256(c.upper_30 * 10000)) * k.factor * 10000 + abs(toInt256(c.lower_30 * 10000)),
            greatest(2 * abs(toInt256(c.lower_30 * 10000)), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_30 AS Decimal(18, 4))) AS value_30d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_90, 4),
        k.aggregate = 'min', c.smallest_90,
        k.aggregate = 'max', c.largest_90,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_90 = 0, NULL, reinterpret(toInt64(sign(c.upper_90) * sign(c.lower_90) * intDiv(
            2 * abs(toInt256(c.upper_90 * 10000)) * k.factor * 10000 + abs(toInt256(c.lower_90 * 10000)),
            greatest(2 * abs(toInt256(c.lower_90 * 10000)), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_90 AS Decimal(18, 4))) AS value_90d,
    k.unit AS unit
FROM
(
    SELECT
        kpi,
        unit,
        day,
        sum(upper) OVER w7 AS upper_7,
        sum(lower) OVER w7 AS lower_7,
        min(smallest) OVER w7 AS smallest_7,
        max(largest) OVER w7 AS largest_7,
        length(groupUniqArrayArray(of_day) OVER w7) AS uniques_7,
        sum(upper) OVER w30 AS upper_30,
        sum(lower) OVER w30 AS lower_30,
        min(smallest) OVER w30 AS smallest_30,
        max(largest) OVER w30 AS largest_30,
        length(groupUniqArrayArray(of_day) OVER w30) AS uniques_30,
        sum(upper) OVER w90 AS upper_90,
        sum(lower) OVER w90 AS lower_90,
        min(smallest) OVER w90 AS smallest_90,
        max(largest) OVER w90 AS largest_90,
        length(groupUniqArrayArray(of_day) OVER w90) AS uniques_90
    FROM
    (
        SELECT
            kpi,
            team AS unit,
            day,
            sum(team_numerator) AS upper,
            sum(team_denominator) AS lower,
            min(low) AS smallest,
            max(high) AS largest,
            groupUniqArrayArray(members) AS of_day
        FROM kpistream.kpi_days FINAL
        GROUP BY kpi, unit, day
    )
    WINDOW
        w7 AS (PARTITION BY kpi, unit ORDER BY day ASC RANGE BETWEEN 6 PRECEDING AND CURRENT ROW),
        w30 AS (PARTITION BY kpi, unit ORDER BY day ASC RANGE BETWEEN 29 PRECEDING AND CURRENT ROW),
        w90 AS (PARTITION BY kpi, unit ORDER BY day ASC RANGE BETWEEN 89 PRECEDING AND CURRENT ROW)
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT team AS unit, any(team_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY team
) AS o ON o.unit = c.unit
COMMENT 'KPI values per team over rolling 7, 30 and 90 days';
