# Fuzzing. The family `fuzz` of `make test` takes half a minute; this takes its time.
FUZZTIME ?= 5m
FUZZ ?=

.PHONY: fuzz
fuzz: | $(BOOTSTRAP_BUILD) ## Fuzz the request decoder and every other target (FUZZTIME=5m each, FUZZ=part of a name)
	@scripts/fuzz --each $(FUZZTIME) $(FUZZ)
