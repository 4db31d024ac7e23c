# Builds with one guard off, which the tests must notice; see scripts/sabotage.

.PHONY: test/sabotage
test/sabotage: | $(BOOTSTRAP_TEST) ## Switch the fence, the compare-and-set and the lock off: the suites must notice
	@scripts/sabotage
