-- KPI cells by quarter: what asks for some days reads their quarters alone, and the past is brought together once.
-- Cut short anywhere, it begins anew: a table of the other name holds nothing that is not in kpi_days by the third line.
CREATE TABLE IF NOT EXISTS kpistream.kpi_days_other /*on cluster*/ AS kpistream.kpi_days;
INSERT INTO kpistream.kpi_days SELECT * FROM kpistream.kpi_days_other SETTINGS max_partitions_per_insert_block = 0;
DROP TABLE kpistream.kpi_days_other /*on cluster*/ SYNC;
CREATE TABLE kpistream.kpi_days_other /*on cluster*/ AS kpistream.kpi_days
ENGINE = ReplacingMergeTree(version)
PARTITION BY toStartOfQuarter(day)
ORDER BY (kpi, employee, team, department, day)
COMMENT 'KPI cells: one KPI, person, team and day, absolute values';
INSERT INTO kpistream.kpi_days_other SELECT * FROM kpistream.kpi_days SETTINGS max_partitions_per_insert_block = 0;
EXCHANGE TABLES kpistream.kpi_days AND kpistream.kpi_days_other /*on cluster*/;
-- what a sink inserted meanwhile
INSERT INTO kpistream.kpi_days SELECT * FROM kpistream.kpi_days_other SETTINGS max_partitions_per_insert_block = 0;
DROP TABLE kpistream.kpi_days_other /*on cluster*/ SYNC;
