# The worked examples on everything that answers them; see tests/vectors.

# A folder of files in the form of tests/vectors/testdata, to use instead of it.
TASKER_VECTORS ?=

.PHONY: test/vectors
test/vectors: | $(BOOTSTRAP_TEST) ## Every worked example on Go/SQLite, Go/PostgreSQL and the SQL functions (TASKER_VECTORS=folder)
	@TASKER_VECTORS=$(abspath $(TASKER_VECTORS)) go test -count=1 -v ./tests/vectors | sed -u -e '/^=== /d' -e '/^ *--- PASS/d'
