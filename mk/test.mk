##@ Test

# The floor of statement coverage over core, all Go tests together.
COVERAGE_FLOOR := 90
COVERAGE_PROFILE := build/cover/core.out

# Families that load the built library.
LIBRARY_FAMILIES := abi race readme bindings/python fork hosts

.PHONY: test
test: lib lib/probe | $(BOOTSTRAP_TEST) ## Every test family; counts each, fails when one ran nothing
	@scripts/run-tests

.PHONY: test/list
test/list: | $(BOOTSTRAP_BUILD) ## Names of the test families
	@scripts/run-tests --list

# The blank line of the help: one family is run by its name.
test/unit/FAMILY: ## One family, for instance test/unit/graph or test/unit/bindings/python
	@echo "make test/unit/FAMILY, with one of:"; scripts/run-tests --list

# Families that load the library of the tests.
test/unit/abi test/unit/panics test/unit/bindings/python: lib/probe

test/unit/%: | $(BOOTSTRAP_TEST)
	@scripts/run-tests $*

$(LIBRARY_FAMILIES:%=test/unit/%): lib | $(BOOTSTRAP_TEST)
	@scripts/run-tests $(@:test/unit/%=%)

.PHONY: cover
cover: test ## Coverage of core by package; fails below 90 %
	@scripts/coverage $(COVERAGE_PROFILE) $(COVERAGE_FLOOR)

# Judges the profile that the last `make test` wrote, without running it again.
.PHONY: cover/report
cover/report: ## The same, from the last run of `make test`
	@scripts/coverage $(COVERAGE_PROFILE) $(COVERAGE_FLOOR)
