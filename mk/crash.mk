# Something goes wrong at every point of a run; see tests/crash.

# Points per scenario and kind of mishap, 0 for all; and the seed of a sample.
SQLITE_POINTS ?= 0
POSTGRESQL_POINTS ?= 12
SEED ?= 1

.PHONY: test/crash
test/crash: | $(BOOTSTRAP_TEST) ## A mishap at every statement and commit (POSTGRESQL_POINTS=n SEED=n); counts the cases
	@TASKER_CRASH_SQLITE_POINTS=$(SQLITE_POINTS) TASKER_CRASH_POSTGRESQL_POINTS=$(POSTGRESQL_POINTS) \
	  TASKER_CRASH_SEED=$(SEED) scripts/run-tests crash
