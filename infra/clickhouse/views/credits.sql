-- Drill-down: from a value to its credits and events. The tables have `reopened` as a number, so the flag of tickets is
-- among their other flags.
CREATE OR REPLACE VIEW bi.credits /*on cluster*/
(
    `employee` String COMMENT 'Employee credited',
    `team` String COMMENT 'Team of the employee at that time',
    `department` String COMMENT 'Department of that team',
    `role` String COMMENT 'Role of the employee at that time',
    `day` Date COMMENT 'Day it counts on, in the time zone of the plan',
    `time` DateTime64(3, 'UTC') COMMENT 'Effective time, UTC',
    `event_time` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `source` String COMMENT 'System that the event comes from',
    `id` String COMMENT 'Id of the event within its source',
    `type` String COMMENT 'Event type',
    `share_percent` Decimal(9, 4) COMMENT 'Share of the event in percent',
    `left_out` Bool COMMENT 'Counts nowhere: over a limit on events of the same customer, or about a sale that was',
    `sale_id` Nullable(String) COMMENT 'Id of the sale that a refund takes back',
    `sale_source` Nullable(String) COMMENT 'Source of the sale that a refund takes back, if not the refund''s own',
    `amount` Nullable(Decimal(18, 4)) COMMENT 'Credited part of the amount, negative for a refund',
    `currency` Nullable(String) COMMENT 'ISO 4217 code of amount',
    `quantity` Nullable(Decimal(18, 4)) COMMENT 'Units sold or delivered',
    `customer` Nullable(String) COMMENT 'Customer concerned',
    `product` Nullable(String) COMMENT 'Product sold',
    `channel` Nullable(String) COMMENT 'Channel of the sale or lead',
    `reason` Nullable(String) COMMENT 'Why it was refunded',
    `minutes` Nullable(Decimal(18, 4)) COMMENT 'Minutes a ticket took to resolve, or a visit lasted',
    `priority` Nullable(String) COMMENT 'Priority of the ticket',
    `within_sla` Nullable(Bool) COMMENT 'Whether the ticket was resolved within its agreed time',
    `reopened` Nullable(Bool) COMMENT 'Whether the ticket was opened again',
    `severity` Nullable(String) COMMENT 'Severity of the complaint or defect',
    `upheld` Nullable(Bool) COMMENT 'Whether the complaint was found justified',
    `score` Nullable(Decimal(18, 4)) COMMENT 'Score of the survey answer or training',
    `survey` Nullable(String) COMMENT 'Survey answered',
    `on_time` Nullable(Bool) COMMENT 'Whether the delivery came on time',
    `days_late` Nullable(Decimal(18, 4)) COMMENT 'Days the delivery was late',
    `rejected` Nullable(Decimal(18, 4)) COMMENT 'Units of the delivery that were rejected',
    `count` Nullable(Decimal(18, 4)) COMMENT 'Number of defects',
    `component` Nullable(String) COMMENT 'Component with the defect',
    `converted` Nullable(Bool) COMMENT 'Whether the lead was converted',
    `course` Nullable(String) COMMENT 'Training course completed',
    `hours` Nullable(Decimal(18, 4)) COMMENT 'Hours of training',
    `extra_numbers` Map(String, Decimal(18, 4)) COMMENT 'Number fields of event types declared in the plan, by name',
    `extra_strings` Map(String, String) COMMENT 'Text fields of event types declared in the plan, by name',
    `extra_flags` Map(String, Bool) COMMENT 'Boolean fields of event types declared in the plan, by name'
)
SQL SECURITY DEFINER
AS
SELECT
    employee, team, department, role,
    toDate(time, ifNull((SELECT timezone FROM kpistream.current_plan), 'UTC')) AS day,
    time, event_time, source, id, type,
    CAST(toDecimal64(share, 4) / 10000 AS Decimal(9, 4)) AS share_percent,
    toBool((credits_partition, credits_offset, facts_offset, facts_index, payee) IN (
        SELECT credits_partition, credits_offset, facts_offset, facts_index, payee FROM kpistream.left_out)) AS left_out,
    sale_id, sale_source, amount, currency, quantity, customer, product, channel, reason, minutes, priority,
    within_sla, if(mapContains(extra_flags, 'reopened'), extra_flags['reopened'], NULL) AS reopened, severity, upheld, score, survey, on_time, days_late, rejected, `count`, component,
    converted, course, hours, extra_numbers, extra_strings, extra_flags
FROM kpistream.credits FINAL
COMMENT 'Who is credited with which part of which event: what the KPIs are made of';

CREATE OR REPLACE VIEW bi.events /*on cluster*/
(
    `source` String COMMENT 'System that the event comes from',
    `id` String COMMENT 'Id of the event within its source',
    `type` String COMMENT 'Event type',
    `day` Date COMMENT 'Day it happened, in the time zone of the plan',
    `time` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `subject` String COMMENT 'Business entity that the event is about, empty if none was given',
    `employee` String COMMENT 'Employee named by the event, empty if it is split or names none',
    `splits` Nullable(String) COMMENT 'JSON [[employee, parts per million]...] where the event is split',
    `sale_id` Nullable(String) COMMENT 'Id of the sale that a refund takes back',
    `sale_source` Nullable(String) COMMENT 'Source of the sale that a refund takes back, if not the refund''s own',
    `amount` Nullable(Decimal(18, 4)) COMMENT 'Amount of the sale, refund or delivery, as the event states it',
    `currency` Nullable(String) COMMENT 'ISO 4217 code of amount',
    `quantity` Nullable(Decimal(18, 4)) COMMENT 'Units sold or delivered',
    `customer` Nullable(String) COMMENT 'Customer concerned',
    `product` Nullable(String) COMMENT 'Product sold',
    `channel` Nullable(String) COMMENT 'Channel of the sale or lead',
    `reason` Nullable(String) COMMENT 'Why it was refunded',
    `minutes` Nullable(Decimal(18, 4)) COMMENT 'Minutes a ticket took to resolve, or a visit lasted',
    `priority` Nullable(String) COMMENT 'Priority of the ticket',
    `within_sla` Nullable(Bool) COMMENT 'Whether the ticket was resolved within its agreed time',
    `reopened` Nullable(Bool) COMMENT 'Whether the ticket was opened again',
    `severity` Nullable(String) COMMENT 'Severity of the complaint or defect',
    `upheld` Nullable(Bool) COMMENT 'Whether the complaint was found justified',
    `score` Nullable(Decimal(18, 4)) COMMENT 'Score of the survey answer or training',
    `survey` Nullable(String) COMMENT 'Survey answered',
    `on_time` Nullable(Bool) COMMENT 'Whether the delivery came on time',
    `days_late` Nullable(Decimal(18, 4)) COMMENT 'Days the delivery was late',
    `rejected` Nullable(Decimal(18, 4)) COMMENT 'Units of the delivery that were rejected',
    `count` Nullable(Decimal(18, 4)) COMMENT 'Number of defects',
    `component` Nullable(String) COMMENT 'Component with the defect',
    `converted` Nullable(Bool) COMMENT 'Whether the lead was converted',
    `course` Nullable(String) COMMENT 'Training course completed',
    `hours` Nullable(Decimal(18, 4)) COMMENT 'Hours of training',
    `extra_numbers` Map(String, Decimal(18, 4)) COMMENT 'Number fields of event types declared in the plan, by name',
    `extra_strings` Map(String, String) COMMENT 'Text fields of event types declared in the plan, by name',
    `extra_flags` Map(String, Bool) COMMENT 'Boolean fields of event types declared in the plan, by name',
    `topic` String COMMENT 'Business topic it was read from',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset in that partition'
)
SQL SECURITY DEFINER
AS
SELECT
    source, id, type,
    toDate(time, ifNull((SELECT timezone FROM kpistream.current_plan), 'UTC')) AS day,
    time, subject, employee, splits,
    sale_id, sale_source, amount, currency, quantity, customer, product, channel, reason, minutes, priority,
    within_sla, if(mapContains(extra_flags, 'reopened'), extra_flags['reopened'], NULL) AS reopened, severity, upheld, score, survey, on_time, days_late, rejected, `count`, component,
    converted, course, hours, extra_numbers, extra_strings, extra_flags,
    topic, partition, offset
FROM kpistream.facts FINAL
COMMENT 'Valid events, each source and id once';
