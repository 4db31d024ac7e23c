-- On PostgreSQL triggers note what foreign writers change. Nobody but this
-- library writes to an embedded file: the Rails engine has no access to it, and a
-- second copy of SQLite in one process would cost the first its locks (design,
-- section 8). So there is nothing to note; the number is taken so that numbers
-- stay equal.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
