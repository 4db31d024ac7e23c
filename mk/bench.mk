##@ Measure

# The sizes that a claim is about; `make test` runs the same with small ones.
# Several may be given on the command line: make bench/insight BENCH_TASKS=20000
BENCH_TASKS ?= 5000
BENCH_STEPS ?= 5
BENCH_GRAPH_STEPS ?= 100
BENCH_GRAPH_MAX ?= 10000
BENCH_TURNS ?= 15

.PHONY: bench/insight
bench/insight: | $(BOOTSTRAP_TEST) ## Analytics and levels beside the SQL they replace: medians and ratios of one run
	@BENCH_TASKS=$(BENCH_TASKS) BENCH_STEPS=$(BENCH_STEPS) BENCH_GRAPH_STEPS=$(BENCH_GRAPH_STEPS) \
	  BENCH_GRAPH_MAX=$(BENCH_GRAPH_MAX) BENCH_TURNS=$(BENCH_TURNS) \
	  go test -count=1 -timeout 30m -v ./tests/bench -run 'Insight|Levels'

# Rounds of the measurement, calls of an executor in a round, and the size of a
# batch; `make test` makes a few calls in one round.
BENCH_ROUNDS ?= 25
BENCH_CALLS ?= 512
BENCH_BATCH ?= 64

.PHONY: bench/boundary
bench/boundary: | $(BOOTSTRAP_TEST) ## A call by way of C, Ruby, Python and Node beside the same call from Go
	@BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_CALLS=$(BENCH_CALLS) BENCH_BATCH=$(BENCH_BATCH) \
	  go test -count=1 -timeout 60m -v ./tests/boundary -run EveryHost
