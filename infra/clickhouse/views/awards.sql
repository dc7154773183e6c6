-- Awards and the alerts about them.
CREATE OR REPLACE VIEW bi.awards /*on cluster*/
(
    `award_id` String COMMENT 'Award',
    `employee` String COMMENT 'Employee; of an award of managers the manager; empty where another unit reached it',
    `unit_kind` String COMMENT 'team, department, company or manager where a whole unit reached it: a manager by what he leads; else empty',
    `unit` String COMMENT 'That unit, of managers the employee; empty for awards of persons',
    `employee_name` String COMMENT 'Name of the employee or unit when it was decided',
    `team` String COMMENT 'Team',
    `department` String COMMENT 'Department',
    `rule` String COMMENT 'Award rule of the plan',
    `kind` String COMMENT 'tier; bonus, promotion or both, after streak+ or personal_best+ where it is one; nudge, training, honour, first',
    `name_en` String COMMENT 'Name in English',
    `name_zh` String COMMENT 'Name in Chinese',
    `period_kind` String COMMENT 'Kind of period',
    `period` String COMMENT 'Key of the period',
    `tier` Int32 COMMENT 'Index in the tier table, 0 for other awards',
    `threshold` String COMMENT 'The bound as written in the plan, with the smallest sample that it asks for; of an honour or a first place with the place reached',
    `sequence` Int32 COMMENT 'Counts re-armed awards of the same tier and period',
    `state` String COMMENT 'provisional, final or revoked',
    `amount` Nullable(Decimal(18, 4)) COMMENT 'Money that the award stands for',
    `currency` String COMMENT 'Currency of amount',
    `next_tier` Nullable(String) COMMENT 'The next bound as written in the plan',
    `gap` Nullable(String) COMMENT 'What was missing to it when the award was decided; 0 where it was reached at once',
    `late` UInt8 COMMENT '1 where it was decided after its period was closed',
    `evidence` String COMMENT 'JSON: the KPIs as they stood when it was decided',
    `cause_source` String COMMENT 'Source of the event that caused it',
    `cause_id` String COMMENT 'Id of the event that caused it',
    `cause_type` String COMMENT 'Type of the event that caused it',
    `cause_time` DateTime64(3, 'UTC') COMMENT 'Time of the event that caused it, UTC',
    `plan` String COMMENT 'Plan',
    `plan_version` UInt32 COMMENT 'Plan version that decided it',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was published, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    award_id, employee, unit_kind, unit, employee_name, team, department, rule, kind, name_en, name_zh, period_kind, period,
    tier, threshold, sequence, state, amount, currency, next_tier, gap, late, evidence, cause_source, cause_id,
    cause_type, cause_time, plan, plan_version, processed_at
FROM kpistream.awards FINAL
COMMENT 'Awards in their latest state; revoked ones stay, marked so';

CREATE OR REPLACE VIEW bi.alerts /*on cluster*/
(
    `alert_id` String COMMENT 'Alert',
    `award_id` String COMMENT 'Award that the alert is about',
    `award_state` String COMMENT 'State that was announced',
    `employee` String COMMENT 'Employee concerned',
    `channel` String COMMENT 'Channel it went to',
    `state` String COMMENT 'sent, failed, given_up or suppressed',
    `attempts` UInt16 COMMENT 'Attempts so far',
    `error` String COMMENT 'Why the last attempt failed, empty if it did not',
    `processed_at` DateTime64(3, 'UTC') COMMENT 'When it was last attempted, UTC'
)
SQL SECURITY DEFINER
AS
SELECT
    alert_id, award_id, award_state, employee, channel, state, attempts, error, processed_at
FROM kpistream.alerts FINAL
COMMENT 'Alerts about awards and what became of them';
