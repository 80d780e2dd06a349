-- What a merchant agreed with his bank about payouts of an account: JSON, empty = nothing is known. Reports
-- estimate with it.
ALTER TABLE accounts ADD COLUMN payout TEXT NOT NULL DEFAULT '';
