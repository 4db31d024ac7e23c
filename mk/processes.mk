# Tests with real processes that cross, kill and stop each other. `make test`
# runs them in a short form.

.PHONY: test/processes
test/processes: | $(BOOTSTRAP_TEST) ## Fan-in 50 times, 10,000 steps, deadlock hunt, kill -9 and stops with a ledger: the full numbers
	TASKER_TEST_PROCESSES=full go test -count=1 -v -timeout=90m ./tests/processes
