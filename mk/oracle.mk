# The oracle: random sequences of operations against a model of the contract.

# Sequences of test/oracle; `make test` runs 240.
N ?= 1000

.PHONY: test/oracle
test/oracle: | $(BOOTSTRAP_TEST) ## N random sequences against the model of the contract (N=5000)
	ORACLE_N=$(N) go test -count=1 -timeout 60m ./tests/oracle/...
