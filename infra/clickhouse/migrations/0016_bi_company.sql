-- Unit totals: a split event counts once. Views run with the rights of whoever migrates.
CREATE OR REPLACE VIEW bi.kpi_company_day /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `company` String COMMENT 'Company',
    `company_name` String COMMENT 'Name of the company in English',
    `day` Date COMMENT 'Day in the time zone of the plan',
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
    c.unit AS company,
    ifNull(o.name, '') AS company_name,
    c.start AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower = 0, NULL, reinterpret(toInt64(sign(c.upper) * sign(c.lower) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + abs(toInt256(c.lower * 10000)),
            greatest(2 * abs(toInt256(c.lower * 10000)), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        ifNull((SELECT company FROM kpistream.current_plan), '') AS unit,
        day AS start,
        sum(company_numerator) AS upper,
        sum(company_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT company AS unit, any(company_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY company
) AS o ON o.unit = c.unit
COMMENT 'KPI values per company and day';

CREATE OR REPLACE VIEW bi.kpi_company_month /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `company` String COMMENT 'Company',
    `company_name` String COMMENT 'Name of the company in English',
    `month` Date COMMENT 'First day of the month',
    `period` String COMMENT 'Key of the period, as in attainment',
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
    c.unit AS company,
    ifNull(o.name, '') AS company_name,
    c.start AS month,
    formatDateTime(c.start, '%Y-%m') AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower = 0, NULL, reinterpret(toInt64(sign(c.upper) * sign(c.lower) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + abs(toInt256(c.lower * 10000)),
            greatest(2 * abs(toInt256(c.lower * 10000)), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        ifNull((SELECT company FROM kpistream.current_plan), '') AS unit,
        toStartOfMonth(day) AS start,
        sum(company_numerator) AS upper,
        sum(company_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT company AS unit, any(company_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY company
) AS o ON o.unit = c.unit
COMMENT 'KPI values per company and month';

CREATE OR REPLACE VIEW bi.kpi_company_quarter /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `company` String COMMENT 'Company',
    `company_name` String COMMENT 'Name of the company in English',
    `quarter` Date COMMENT 'First day of the quarter',
    `period` String COMMENT 'Key of the period, as in attainment',
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
    c.unit AS company,
    ifNull(o.name, '') AS company_name,
    c.start AS quarter,
    concat(toString(toYear(c.start)), '-Q', toString(toQuarter(c.start))) AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower = 0, NULL, reinterpret(toInt64(sign(c.upper) * sign(c.lower) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + abs(toInt256(c.lower * 10000)),
            greatest(2 * abs(toInt256(c.lower * 10000)), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        ifNull((SELECT company FROM kpistream.current_plan), '') AS unit,
        toStartOfQuarter(day) AS start,
        sum(company_numerator) AS upper,
        sum(company_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT company AS unit, any(company_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY company
) AS o ON o.unit = c.unit
COMMENT 'KPI values per company and quarter';
