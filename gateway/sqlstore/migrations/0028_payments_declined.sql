-- Attempts that were refused or failed for a reason, newest first: the daily error report walked through all
-- attempts of its period to meet them. One that is paid writes nothing here.
CREATE INDEX payments_declined ON payments (merchant, created_at, id) WHERE status IN ('declined', 'failed') AND decline_code <> '';
