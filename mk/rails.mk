# Beside a Rails engine: its schema, what it writes, and what we add.

# Dump of a schema to run against instead of the one in tests/rails/testdata: what
# `pg_dump --schema-only` wrote.
TASKER_TEST_SCHEMA ?=

.PHONY: test/rails-schema
test/rails-schema: | $(BOOTSTRAP_TEST) ## Attach to a Rails engine's database (TASKER_TEST_SCHEMA=dump.sql)
	@TASKER_TEST_SCHEMA=$(if $(TASKER_TEST_SCHEMA),$(abspath $(TASKER_TEST_SCHEMA))) scripts/run-tests rails
