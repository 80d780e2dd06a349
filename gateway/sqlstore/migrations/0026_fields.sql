-- What a link asks of its payer besides the card, what each payer answered, and whether a page without a limit says
-- how often it was paid. Lists are JSON, '' = none: a row without them is bound into the audit trail as it always was.
ALTER TABLE links ADD COLUMN fields TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN show_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN answers TEXT NOT NULL DEFAULT '';
