# The Python binding and what is tested through it.

.PHONY: test/bindings/python
test/bindings/python: lib | $(BOOTSTRAP_TEST) ## The Python binding alone
	@scripts/run-tests bindings/python

.PHONY: test/race
test/race: lib ## 8 workers in 3 processes, 5,000 steps, every step run once
	@PYTHONPATH=bindings/python/src $(PYTHON) tests/race/race.py
