-- Sums by unit and period from day cells. Conditions on the key may go ahead of FINAL: all versions of a row have the same.
    SELECT
        kpi,
        {of.unit} AS unit,
        {start} AS start,
        sum({of.prefix}numerator) AS upper,
        sum({of.prefix}denominator) AS lower,
        min(low) AS smallest,
        max(high) AS largest,
        {members}(members) AS uniques
    FROM kpistream.kpi_days FINAL
    WHERE {of.counted} != ''{only}
    GROUP BY kpi, unit, start
    SETTINGS optimize_move_to_prewhere_if_final = 1
