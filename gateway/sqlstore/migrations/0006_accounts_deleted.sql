-- A deleted account takes no new payment and is shown nowhere; those that it took still need it for what
-- comes after: an inquiry, a void, a refund.
ALTER TABLE accounts ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;
