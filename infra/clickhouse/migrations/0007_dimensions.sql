-- What the plan says, per version, from the control topic.
CREATE TABLE IF NOT EXISTS kpistream.plan_versions /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Version of the plan',
    `control_id` String COMMENT 'Id of the control record that applied it',
    `timezone` LowCardinality(String) COMMENT 'IANA time zone that days and periods are cut in',
    `currency` LowCardinality(String) COMMENT 'Currency of money KPIs and earnings',
    `company` LowCardinality(String) COMMENT 'Company',
    `document` String COMMENT 'The whole plan as JSON',
    `version` UInt64 COMMENT 'Offset in the control topic',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, plan_version)
COMMENT 'Plan versions that were applied';

CREATE TABLE IF NOT EXISTS kpistream.kpis /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Version of the plan',
    `kpi` LowCardinality(String) COMMENT 'KPI',
    `name_en` String COMMENT 'Name in English',
    `name_zh` String COMMENT 'Name in Chinese, empty if the plan gives none',
    `description_en` String COMMENT 'Description in English',
    `description_zh` String COMMENT 'Description in Chinese',
    `aggregate` LowCardinality(String) COMMENT 'sum, count, mean, ratio, distinct, min or max',
    `events` Array(LowCardinality(String)) COMMENT 'Event types that count',
    `field` String COMMENT 'Field measured, empty where none is',
    `unit` LowCardinality(String) COMMENT 'money, count, percent, points, minutes, hours, days or number',
    `direction` LowCardinality(String) COMMENT 'up or down: which way is good',
    `definition` String COMMENT 'The KPI of the plan as JSON, with its filters and parts',
    `version` UInt64 COMMENT 'Offset in the control topic',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, plan_version, kpi)
COMMENT 'The KPI dictionary of every plan version';

CREATE TABLE IF NOT EXISTS kpistream.targets /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Version of the plan',
    `number` UInt32 COMMENT 'Running number in the plan',
    `kpi` LowCardinality(String) COMMENT 'KPI',
    `period_kind` LowCardinality(String) COMMENT 'Kind of period',
    `at` String COMMENT 'Key of the one period it holds for, empty for every period',
    `value` Decimal(18, 4) COMMENT 'What should be reached',
    `employee` LowCardinality(String) COMMENT 'Employee it holds for, empty for any',
    `role` LowCardinality(String) COMMENT 'Role it holds for, empty for any',
    `team` LowCardinality(String) COMMENT 'Team it holds for, empty for any',
    `department` LowCardinality(String) COMMENT 'Department it holds for, empty for any',
    `version` UInt64 COMMENT 'Offset in the control topic',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, plan_version, number)
COMMENT 'Targets of every plan version, as written; the most specific one is in force';

CREATE TABLE IF NOT EXISTS kpistream.organisation /*on cluster*/
(
    `plan` LowCardinality(String) COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Version of the plan',
    `employee` LowCardinality(String) COMMENT 'Employee',
    `employee_name` String COMMENT 'Name of the employee, empty if the plan gives none',
    `role` LowCardinality(String) COMMENT 'Role',
    `team` LowCardinality(String) COMMENT 'Team',
    `team_name_en` String COMMENT 'Name of the team in English',
    `team_name_zh` String COMMENT 'Name of the team in Chinese',
    `department` LowCardinality(String) COMMENT 'Department',
    `department_name_en` String COMMENT 'Name of the department in English',
    `department_name_zh` String COMMENT 'Name of the department in Chinese',
    `company` LowCardinality(String) COMMENT 'Company',
    `company_name_en` String COMMENT 'Name of the company in English',
    `company_name_zh` String COMMENT 'Name of the company in Chinese',
    `version` UInt64 COMMENT 'Offset in the control topic',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (plan, plan_version, employee)
COMMENT 'Who works where in every plan version';

CREATE TABLE IF NOT EXISTS kpistream.plan_positions /*on cluster*/
(
    `credits_partition` Int32 COMMENT 'Partition of the credits topic',
    `credits_offset` Int64 COMMENT 'Offset of the control record there: credits after it count by this plan',
    `control_id` String COMMENT 'Id of the control record',
    `plan` LowCardinality(String) COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Version of the plan',
    `version` UInt64 COMMENT 'Offset of the control record',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When Kafka took the record (LogAppendTime)'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (credits_partition, credits_offset)
COMMENT 'Where in the credits each plan version begins to count';
