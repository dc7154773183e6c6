-- Made for every level and period by infra/clickhouse/view_files.py, which fills what stands in braces.
CREATE OR REPLACE VIEW bi.kpi_{of.level}_{over.period} /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `{of.column}` String COMMENT '{of.title}',
    `{of.column}_name` String COMMENT '{of.name_comment}',
    {over.period_columns},
    `value` Nullable(Decimal(18, 4)) COMMENT 'Value, rounded half-up; none where undefined',
    `unit` String COMMENT 'money, count, percent, points, minutes, hours, days or number',
    `numerator` Nullable(Decimal(38, 4)) COMMENT 'Sum of numerators; adds up over periods; none for distinct, min and max',
    `denominator` Nullable(Decimal(38, 4)) COMMENT 'Sum of denominators; adds up over periods; none for distinct, min and max'
)
SQL SECURITY DEFINER
AS
SELECT
    c.kpi AS kpi,
    k.name_en AS kpi_name,
    c.unit AS {of.column},
    ifNull(o.name, '') AS {of.column}_name,
    {over.period_values},
    {value} AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
{sums}
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT {of.column} AS unit, any({of.name}) AS name
    FROM kpistream.current_organisation
    GROUP BY {of.column}
) AS o ON o.unit = c.unit
COMMENT 'KPI values per {of.level} and {over.period}';
