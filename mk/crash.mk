# Something goes wrong at every point of a run; see tests/crash.

# Points per scenario and kind of mishap, 0 for all; and the seed of a sample.
POINTS ?= 0
SEED ?= 1

.PHONY: test/crash
test/crash: | $(BOOTSTRAP_TEST) ## A mishap at every statement and commit (POINTS=n SEED=n for a sample); counts the cases
	@TASKER_CRASH_POINTS=$(POINTS) TASKER_CRASH_SEED=$(SEED) scripts/run-tests crash
