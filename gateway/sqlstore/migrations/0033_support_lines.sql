-- Whom a merchant's staff call about their virtual POS: JSON, '' = nobody is named. A row without it is bound into the
-- audit trail as it always was.
ALTER TABLE merchants ADD COLUMN support TEXT NOT NULL DEFAULT '';
