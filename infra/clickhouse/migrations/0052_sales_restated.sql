-- How a sale stands and stood, for filters by amount. Credits from before this migration say nothing.
ALTER TABLE kpistream.credits /*on cluster*/
    MODIFY COLUMN `unit_first` UInt8 COMMENT 'Bit 0, 1, 2: first credit of its event in the team, department, company; bit 3: an overlay, outside their totals; bit 4, 5, 6 of a correction: as bit 0, 1, 2, among those who had the sale before it',
    ADD COLUMN IF NOT EXISTS `sale_now` Nullable(Decimal(18, 4)) COMMENT 'Of a refund, correction or cancellation: the employee''s part of the sale as last corrected, refunds not deducted; what filters by amount see' AFTER `sale_amount`,
    ADD COLUMN IF NOT EXISTS `sale_before` Nullable(Decimal(18, 4)) COMMENT 'Of a correction: that part before it; none for who comes to the sale' AFTER `sale_now`,
    ADD COLUMN IF NOT EXISTS `sale_had` Nullable(Decimal(18, 4)) COMMENT 'Of a correction: what of the sale was the employee''s before it, refunds deducted' AFTER `sale_before`;
