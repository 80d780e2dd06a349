-- What was collected is added up by period, account, instalments, programme and who made the link. Everything that such
-- sums read stands in the index by the time of the payment, so that a month of a busy merchant is a walk along it.
-- The index that it replaces goes last: until then PostgreSQL lets everybody read while it is made.
CREATE INDEX payments_collected ON payments (merchant, paid_at, id, link, account, status, installments, rate, card_program, currency, amount, total, refunded)
    WHERE paid_at > 0;
DROP INDEX payments_paid;
--: postgres
-- An index alone answers for rows that a vacuum has seen since they changed; the default waits for a fifth of the table.
ALTER TABLE payments SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);
--: both
