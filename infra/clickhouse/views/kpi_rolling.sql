-- Made for every level by infra/clickhouse/view_files.py, which fills what stands in braces.
CREATE OR REPLACE VIEW bi.kpi_{of.level}_rolling /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `{of.column}` String COMMENT '{of.title}',
    `{of.column}_name` String COMMENT '{of.name_comment}',
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
    c.unit AS {of.column},
    ifNull(o.name, '') AS {of.column}_name,
    c.day AS day,
    {value_7} AS value_7d,
    {value_30} AS value_30d,
    {value_90} AS value_90d,
    k.unit AS unit
FROM
(
    SELECT
        kpi,
        unit,
        start AS day,
        sum(upper) OVER w7 AS upper_7,
        sum(lower) OVER w7 AS lower_7,
        min(smallest) OVER w7 AS smallest_7,
        max(largest) OVER w7 AS largest_7,
        length(groupUniqArrayArray(uniques) OVER w7) AS uniques_7,
        sum(upper) OVER w30 AS upper_30,
        sum(lower) OVER w30 AS lower_30,
        min(smallest) OVER w30 AS smallest_30,
        max(largest) OVER w30 AS largest_30,
        length(groupUniqArrayArray(uniques) OVER w30) AS uniques_30,
        sum(upper) OVER w90 AS upper_90,
        sum(lower) OVER w90 AS lower_90,
        min(smallest) OVER w90 AS smallest_90,
        max(largest) OVER w90 AS largest_90,
        length(groupUniqArrayArray(uniques) OVER w90) AS uniques_90
    FROM
    (
{sums}
    )
    WINDOW
        w7 AS (PARTITION BY kpi, unit ORDER BY start ASC RANGE BETWEEN 6 PRECEDING AND CURRENT ROW),
        w30 AS (PARTITION BY kpi, unit ORDER BY start ASC RANGE BETWEEN 29 PRECEDING AND CURRENT ROW),
        w90 AS (PARTITION BY kpi, unit ORDER BY start ASC RANGE BETWEEN 89 PRECEDING AND CURRENT ROW)
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT {of.column} AS unit, any({of.name}) AS name
    FROM kpistream.current_organisation
    GROUP BY {of.column}
) AS o ON o.unit = c.unit
COMMENT 'KPI values per {of.level} over rolling 7, 30 and 90 days';
