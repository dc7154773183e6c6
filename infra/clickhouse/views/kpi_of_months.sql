-- Sums by unit and period from the months that are kept of each unit: a few rows instead of everybody's days. What was
-- taken back (a company of another name) has no value and nothing below the line.
    SELECT
        kpi,
        unit,
        {start} AS start,
        sum(numerator) AS upper,
        sum(denominator) AS lower,
        min(value) AS smallest,
        max(value) AS largest,
        toUInt64(sum(numerator)) AS uniques
    FROM kpistream.unit_periods FINAL
    WHERE unit_kind = '{of.level}' AND period_kind = 'month' AND (isNotNull(value) OR denominator != 0){only}
    GROUP BY kpi, unit, start
