# Random graphs on everything that answers the questions of the SQL functions.

# Graphs of test/differential; `make test` compares 200.
.PHONY: test/differential
test/differential: | $(BOOTSTRAP_TEST) ## N random graphs: Go on both stores and the SQL functions agree (N=5000)
	DIFFERENTIAL_N=$(N) go test -count=1 -timeout 120m ./tests/differential
