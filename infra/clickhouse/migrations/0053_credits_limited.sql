-- Whether limits held for what several share. Credits from before this migration say nothing.
ALTER TABLE kpistream.credits /*on cluster*/
    ADD COLUMN IF NOT EXISTS `limited` Nullable(Bool) COMMENT 'Of an event that several share, and of a correction: whether a limit on events of the same customer was on it as it was credited' AFTER `sale_time`;
