# The Python binding and what is tested through it.

.PHONY: test/bindings/python
test/bindings/python: lib lib/probe | $(BOOTSTRAP_TEST) ## The Python binding alone
	@scripts/run-tests bindings/python

.PHONY: test/race
test/race: lib ## 8 workers in 3 processes, 5,000 steps, every step run once
	@PYTHONPATH=bindings/python/src $(PYTHON) tests/race/race.py

# The binding itself is checked by lint/python; these use it.
lint/python: lint/python/users

.PHONY: lint/python/users
lint/python/users: | $(BOOTSTRAP_TEST)
	cd examples/python && MYPYPATH=$(CURDIR)/bindings/python/src \
	  $(CURDIR)/build/venv/bin/mypy --strict --cache-dir $(CURDIR)/build/mypy-examples *.py ../data/generate.py
	MYPYPATH=bindings/python/src:tests/race:tests/bindings/python:tests/abi/python \
	  build/venv/bin/mypy --strict --cache-dir build/mypy-tests tests/race/*.py tests/bindings/python/*.py \
	  tests/abi/python/*.py tests/panics/*.py
