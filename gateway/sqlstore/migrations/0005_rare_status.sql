-- Payments in a state that few are in, newest first: whoever asks for those that are pending or refunded would else
-- walk through all that were ever paid. States that many are in are met soon on that walk, and stand here for
-- moments only, so that the index stays small. Its condition is written out in search.go as well.
CREATE INDEX payments_rare ON payments (merchant, status, created_at, id) WHERE status NOT IN ('paid', 'declined', 'failed', 'abandoned');
