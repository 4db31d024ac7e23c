# The bindings of Ruby and Node, and what is measured of all hosts by themselves.

CALLS ?= 1000000
TRIES ?= 20

.PHONY: test/bindings/ruby
test/bindings/ruby: test/unit/bindings/ruby ## The Ruby binding alone

.PHONY: test/bindings/node
test/bindings/node: test/unit/bindings/node ## The Node binding alone

test/unit/bindings/ruby test/unit/bindings/node test/unit/bindings/python test/unit/calls: lib/probe
test/bindings/python: lib/probe

.PHONY: test/calls
test/calls: lib/probe | $(BOOTSTRAP_TEST) ## CALLS=1000000 calls each from C, Python, Ruby and Node: memory stays
	@nice -n 10 build/venv/bin/python tests/calls/calls.py $(CALLS)

.PHONY: bench/interrupt
bench/interrupt: lib/probe | $(BOOTSTRAP_TEST) ## How long Ctrl-C takes to end a wait in Ruby, Python and Node
	@build/venv/bin/python tests/calls/interrupt.py $(TRIES)

lint/python: lint/python/calls
lint: lint/ruby lint/node

.PHONY: lint/python/calls
lint/python/calls: | $(BOOTSTRAP_TEST)
	MYPYPATH=bindings/python/src:tests/calls build/venv/bin/mypy --strict --cache-dir build/mypy-tests tests/calls/*.py

# Both compilers warn of what is unused or ambiguous.
.PHONY: lint/ruby
lint/ruby: | $(BOOTSTRAP_TEST) ## ruby -wc
	@for file in $$(git ls-files '*.rb'); do \
	  said=$$(ruby -wc $$file 2>&1); [ "$$said" = "Syntax OK" ] || { printf '%s: %s\n' $$file "$$said" >&2; exit 1; }; done

.PHONY: lint/node
lint/node: | $(BOOTSTRAP_TEST) ## node --check
	@for file in $$(git ls-files '*.js'); do node --check $$file || exit 1; done
