-- What credits say of the sale that they are about. Those from before this migration say nothing.
ALTER TABLE kpistream.credits /*on cluster*/
    ADD COLUMN IF NOT EXISTS `sale_amount` Nullable(Decimal(18, 4)) COMMENT 'Of a refund, correction or cancellation: the employee''s part of the sale as it came' AFTER `unit_first`,
    ADD COLUMN IF NOT EXISTS `moved` Nullable(Int8) COMMENT 'Of a correction that names payees: positive where the sale is the employee''s from now on, negative where no more, 0 where still; bit 1, 2 of the absolute value: so for the team, the department' AFTER `sale_amount`,
    ADD COLUMN IF NOT EXISTS `sale_time` Nullable(DateTime64(3, 'UTC')) COMMENT 'With moved: when the sale happened' AFTER `moved`;
