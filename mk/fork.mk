# Children of processes in which the library is at work. `make test` runs the
# same with fewer children.

# FORK_N of the tests: children of each stress case.
.PHONY: test/fork
test/fork: lib | $(BOOTSTRAP_TEST) ## N children each of calm and busy parents in C, Ruby and Python, and every odd kind of fork (N=200)
	@FORK_N=$(if $(filter file,$(origin N)),200,$(N)) go test -count=1 -timeout=60m -v ./tests/fork | sed -u -e '/^=== /d'

lint/python: lint/python/fork

.PHONY: lint/python/fork
lint/python/fork: | $(BOOTSTRAP_TEST)
	MYPYPATH=bindings/python/src:tests/ledger:tests/hosts/python \
	  build/venv/bin/mypy --strict --cache-dir build/mypy-fork tests/ledger/*.py tests/fork/python/*.py tests/hosts/python/*.py
