-- As in the engine, nothing below the line or less than that is no value: sales given away on another day than they were
-- counted leave a ratio such days. Else as before.

CREATE OR REPLACE VIEW bi.kpi_person_day /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee in the newest plan',
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
    c.unit AS employee,
    ifNull(o.name, '') AS employee_name,
    c.start AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        employee AS unit,
        day AS start,
        sum(numerator) AS upper,
        sum(denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT employee AS unit, any(employee_name) AS name
    FROM kpistream.current_organisation
    GROUP BY employee
) AS o ON o.unit = c.unit
COMMENT 'KPI values per person and day';

CREATE OR REPLACE VIEW bi.kpi_person_month /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee in the newest plan',
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
    c.unit AS employee,
    ifNull(o.name, '') AS employee_name,
    c.start AS month,
    formatDateTime(c.start, '%Y-%m') AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        employee AS unit,
        toStartOfMonth(day) AS start,
        sum(numerator) AS upper,
        sum(denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT employee AS unit, any(employee_name) AS name
    FROM kpistream.current_organisation
    GROUP BY employee
) AS o ON o.unit = c.unit
COMMENT 'KPI values per person and month';

CREATE OR REPLACE VIEW bi.kpi_person_quarter /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee in the newest plan',
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
    c.unit AS employee,
    ifNull(o.name, '') AS employee_name,
    c.start AS quarter,
    concat(toString(toYear(c.start)), '-Q', toString(toQuarter(c.start))) AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        employee AS unit,
        toStartOfQuarter(day) AS start,
        sum(numerator) AS upper,
        sum(denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT employee AS unit, any(employee_name) AS name
    FROM kpistream.current_organisation
    GROUP BY employee
) AS o ON o.unit = c.unit
COMMENT 'KPI values per person and quarter';

CREATE OR REPLACE VIEW bi.kpi_person_rolling /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `employee` String COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee in the newest plan',
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
    c.unit AS employee,
    ifNull(o.name, '') AS employee_name,
    c.day AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_7, 4),
        k.aggregate = 'min', c.smallest_7,
        k.aggregate = 'max', c.largest_7,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_7 <= 0, NULL, reinterpret(toInt64(sign(c.upper_7) * intDiv(
            2 * abs(toInt256(c.upper_7 * 10000)) * k.factor * 10000 + toInt256(c.lower_7 * 10000),
            greatest(2 * toInt256(c.lower_7 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_7 AS Decimal(18, 4))) AS value_7d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_30, 4),
        k.aggregate = 'min', c.smallest_30,
        k.aggregate = 'max', c.largest_30,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_30 <= 0, NULL, reinterpret(toInt64(sign(c.upper_30) * intDiv(
            2 * abs(toInt256(c.upper_30 * 10000)) * k.factor * 10000 + toInt256(c.lower_30 * 10000),
            greatest(2 * toInt256(c.lower_30 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_30 AS Decimal(18, 4))) AS value_30d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_90, 4),
        k.aggregate = 'min', c.smallest_90,
        k.aggregate = 'max', c.largest_90,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_90 <= 0, NULL, reinterpret(toInt64(sign(c.upper_90) * intDiv(
            2 * abs(toInt256(c.upper_90 * 10000)) * k.factor * 10000 + toInt256(c.lower_90 * 10000),
            greatest(2 * toInt256(c.lower_90 * 10000), 1))), 'Decimal(18, 4)')),
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
            employee AS unit,
            day,
            sum(numerator) AS upper,
            sum(denominator) AS lower,
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
    SELECT employee AS unit, any(employee_name) AS name
    FROM kpistream.current_organisation
    GROUP BY employee
) AS o ON o.unit = c.unit
COMMENT 'KPI values per person over rolling 7, 30 and 90 days';

CREATE OR REPLACE VIEW bi.kpi_team_day /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `team` String COMMENT 'Team',
    `team_name` String COMMENT 'Name of the team in English',
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
    c.unit AS team,
    ifNull(o.name, '') AS team_name,
    c.start AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        team AS unit,
        day AS start,
        sum(team_numerator) AS upper,
        sum(team_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    WHERE team != ''
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT team AS unit, any(team_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY team
) AS o ON o.unit = c.unit
COMMENT 'KPI values per team and day';

CREATE OR REPLACE VIEW bi.kpi_team_month /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `team` String COMMENT 'Team',
    `team_name` String COMMENT 'Name of the team in English',
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
    c.unit AS team,
    ifNull(o.name, '') AS team_name,
    c.start AS month,
    formatDateTime(c.start, '%Y-%m') AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        team AS unit,
        toStartOfMonth(day) AS start,
        sum(team_numerator) AS upper,
        sum(team_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    WHERE team != ''
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT team AS unit, any(team_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY team
) AS o ON o.unit = c.unit
COMMENT 'KPI values per team and month';

CREATE OR REPLACE VIEW bi.kpi_team_quarter /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `team` String COMMENT 'Team',
    `team_name` String COMMENT 'Name of the team in English',
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
    c.unit AS team,
    ifNull(o.name, '') AS team_name,
    c.start AS quarter,
    concat(toString(toYear(c.start)), '-Q', toString(toQuarter(c.start))) AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        team AS unit,
        toStartOfQuarter(day) AS start,
        sum(team_numerator) AS upper,
        sum(team_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    WHERE team != ''
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT team AS unit, any(team_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY team
) AS o ON o.unit = c.unit
COMMENT 'KPI values per team and quarter';

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
        k.aggregate IN ('mean', 'ratio'), if(c.lower_7 <= 0, NULL, reinterpret(toInt64(sign(c.upper_7) * intDiv(
            2 * abs(toInt256(c.upper_7 * 10000)) * k.factor * 10000 + toInt256(c.lower_7 * 10000),
            greatest(2 * toInt256(c.lower_7 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_7 AS Decimal(18, 4))) AS value_7d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_30, 4),
        k.aggregate = 'min', c.smallest_30,
        k.aggregate = 'max', c.largest_30,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_30 <= 0, NULL, reinterpret(toInt64(sign(c.upper_30) * intDiv(
            2 * abs(toInt256(c.upper_30 * 10000)) * k.factor * 10000 + toInt256(c.lower_30 * 10000),
            greatest(2 * toInt256(c.lower_30 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_30 AS Decimal(18, 4))) AS value_30d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_90, 4),
        k.aggregate = 'min', c.smallest_90,
        k.aggregate = 'max', c.largest_90,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_90 <= 0, NULL, reinterpret(toInt64(sign(c.upper_90) * intDiv(
            2 * abs(toInt256(c.upper_90 * 10000)) * k.factor * 10000 + toInt256(c.lower_90 * 10000),
            greatest(2 * toInt256(c.lower_90 * 10000), 1))), 'Decimal(18, 4)')),
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
        WHERE team != ''
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

CREATE OR REPLACE VIEW bi.kpi_department_day /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `department` String COMMENT 'Department',
    `department_name` String COMMENT 'Name of the department in English',
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
    c.unit AS department,
    ifNull(o.name, '') AS department_name,
    c.start AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        department AS unit,
        day AS start,
        sum(department_numerator) AS upper,
        sum(department_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    WHERE team != ''
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT department AS unit, any(department_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY department
) AS o ON o.unit = c.unit
COMMENT 'KPI values per department and day';

CREATE OR REPLACE VIEW bi.kpi_department_month /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `department` String COMMENT 'Department',
    `department_name` String COMMENT 'Name of the department in English',
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
    c.unit AS department,
    ifNull(o.name, '') AS department_name,
    c.start AS month,
    formatDateTime(c.start, '%Y-%m') AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        department AS unit,
        toStartOfMonth(day) AS start,
        sum(department_numerator) AS upper,
        sum(department_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    WHERE team != ''
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT department AS unit, any(department_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY department
) AS o ON o.unit = c.unit
COMMENT 'KPI values per department and month';

CREATE OR REPLACE VIEW bi.kpi_department_quarter /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `department` String COMMENT 'Department',
    `department_name` String COMMENT 'Name of the department in English',
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
    c.unit AS department,
    ifNull(o.name, '') AS department_name,
    c.start AS quarter,
    concat(toString(toYear(c.start)), '-Q', toString(toQuarter(c.start))) AS period,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques, 4),
        k.aggregate = 'min', c.smallest,
        k.aggregate = 'max', c.largest,
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper AS Decimal(18, 4))) AS value,
    k.unit AS unit,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.upper) AS numerator,
    if(k.aggregate IN ('distinct', 'min', 'max'), NULL, c.lower) AS denominator
FROM
(
    SELECT
        kpi,
        department AS unit,
        toStartOfQuarter(day) AS start,
        sum(department_numerator) AS upper,
        sum(department_denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        uniqExactArray(members) AS uniques
    FROM kpistream.kpi_days FINAL
    WHERE team != ''
    GROUP BY kpi, unit, start
) AS c
INNER JOIN kpistream.current_kpis AS k ON k.kpi = c.kpi
LEFT JOIN
(
    SELECT department AS unit, any(department_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY department
) AS o ON o.unit = c.unit
COMMENT 'KPI values per department and quarter';

CREATE OR REPLACE VIEW bi.kpi_department_rolling /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `department` String COMMENT 'Department',
    `department_name` String COMMENT 'Name of the department in English',
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
    c.unit AS department,
    ifNull(o.name, '') AS department_name,
    c.day AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_7, 4),
        k.aggregate = 'min', c.smallest_7,
        k.aggregate = 'max', c.largest_7,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_7 <= 0, NULL, reinterpret(toInt64(sign(c.upper_7) * intDiv(
            2 * abs(toInt256(c.upper_7 * 10000)) * k.factor * 10000 + toInt256(c.lower_7 * 10000),
            greatest(2 * toInt256(c.lower_7 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_7 AS Decimal(18, 4))) AS value_7d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_30, 4),
        k.aggregate = 'min', c.smallest_30,
        k.aggregate = 'max', c.largest_30,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_30 <= 0, NULL, reinterpret(toInt64(sign(c.upper_30) * intDiv(
            2 * abs(toInt256(c.upper_30 * 10000)) * k.factor * 10000 + toInt256(c.lower_30 * 10000),
            greatest(2 * toInt256(c.lower_30 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_30 AS Decimal(18, 4))) AS value_30d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_90, 4),
        k.aggregate = 'min', c.smallest_90,
        k.aggregate = 'max', c.largest_90,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_90 <= 0, NULL, reinterpret(toInt64(sign(c.upper_90) * intDiv(
            2 * abs(toInt256(c.upper_90 * 10000)) * k.factor * 10000 + toInt256(c.lower_90 * 10000),
            greatest(2 * toInt256(c.lower_90 * 10000), 1))), 'Decimal(18, 4)')),
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
            department AS unit,
            day,
            sum(department_numerator) AS upper,
            sum(department_denominator) AS lower,
            min(low) AS smallest,
            max(high) AS largest,
            groupUniqArrayArray(members) AS of_day
        FROM kpistream.kpi_days FINAL
        WHERE team != ''
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
    SELECT department AS unit, any(department_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY department
) AS o ON o.unit = c.unit
COMMENT 'KPI values per department over rolling 7, 30 and 90 days';

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
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
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
    WHERE team != ''
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
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
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
    WHERE team != ''
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
        k.aggregate IN ('mean', 'ratio'), if(c.lower <= 0, NULL, reinterpret(toInt64(sign(c.upper) * intDiv(
            2 * abs(toInt256(c.upper * 10000)) * k.factor * 10000 + toInt256(c.lower * 10000),
            greatest(2 * toInt256(c.lower * 10000), 1))), 'Decimal(18, 4)')),
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
    WHERE team != ''
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

CREATE OR REPLACE VIEW bi.kpi_company_rolling /*on cluster*/
(
    `kpi` String COMMENT 'KPI',
    `kpi_name` String COMMENT 'Name of the KPI in English',
    `company` String COMMENT 'Company',
    `company_name` String COMMENT 'Name of the company in English',
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
    c.unit AS company,
    ifNull(o.name, '') AS company_name,
    c.day AS day,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_7, 4),
        k.aggregate = 'min', c.smallest_7,
        k.aggregate = 'max', c.largest_7,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_7 <= 0, NULL, reinterpret(toInt64(sign(c.upper_7) * intDiv(
            2 * abs(toInt256(c.upper_7 * 10000)) * k.factor * 10000 + toInt256(c.lower_7 * 10000),
            greatest(2 * toInt256(c.lower_7 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_7 AS Decimal(18, 4))) AS value_7d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_30, 4),
        k.aggregate = 'min', c.smallest_30,
        k.aggregate = 'max', c.largest_30,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_30 <= 0, NULL, reinterpret(toInt64(sign(c.upper_30) * intDiv(
            2 * abs(toInt256(c.upper_30 * 10000)) * k.factor * 10000 + toInt256(c.lower_30 * 10000),
            greatest(2 * toInt256(c.lower_30 * 10000), 1))), 'Decimal(18, 4)')),
        CAST(c.upper_30 AS Decimal(18, 4))) AS value_30d,
    multiIf(
        k.aggregate = 'distinct', toDecimal64(c.uniques_90, 4),
        k.aggregate = 'min', c.smallest_90,
        k.aggregate = 'max', c.largest_90,
        k.aggregate IN ('mean', 'ratio'), if(c.lower_90 <= 0, NULL, reinterpret(toInt64(sign(c.upper_90) * intDiv(
            2 * abs(toInt256(c.upper_90 * 10000)) * k.factor * 10000 + toInt256(c.lower_90 * 10000),
            greatest(2 * toInt256(c.lower_90 * 10000), 1))), 'Decimal(18, 4)')),
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
            ifNull((SELECT company FROM kpistream.current_plan), '') AS unit,
            day,
            sum(company_numerator) AS upper,
            sum(company_denominator) AS lower,
            min(low) AS smallest,
            max(high) AS largest,
            groupUniqArrayArray(members) AS of_day
        FROM kpistream.kpi_days FINAL
        WHERE team != ''
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
    SELECT company AS unit, any(company_name_en) AS name
    FROM kpistream.current_organisation
    GROUP BY company
) AS o ON o.unit = c.unit
COMMENT 'KPI values per company over rolling 7, 30 and 90 days';
