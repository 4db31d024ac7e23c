# Tasker Core. `make` prints what there is; targets are named like paths.
#
# The parts: mk/library.mk (the C library, generated files, installation),
# mk/python.mk, mk/demo.mk, mk/test.mk, mk/lint.mk. Build products go to build/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# What scripts/bootstrap brought comes first; see there.
export PATH := $(CURDIR)/build/go/bin:$(CURDIR)/build/bin:$(PATH)

# Stamps of the bootstrap: order-only prerequisites of everything that compiles
# (build) or tests and lints (test).
BOOTSTRAP_BUILD := build/bootstrap/build
BOOTSTRAP_TEST := build/bootstrap/test

include $(sort $(wildcard mk/*.mk))

##@ Start here

.PHONY: demo
demo: | $(BOOTSTRAP_BUILD)

.PHONY: help
help: ## Print this help
	@awk 'BEGIN { FS = ":[^#]*## *" } \
	  /^##@ / { print "\n" substr($$0, 5); next } \
	  /^[a-zA-Z][-a-zA-Z0-9_\/% .]*:[^#=]*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Everything

.PHONY: check
check: lint verify test cover ## All that a change must pass: lint, verify, test, cover

.PHONY: install
install: lib/install ## Install library, header and pkg-config file under PREFIX

.PHONY: hooks
hooks: ## Use the hooks in .githooks for commits in this clone
	git config core.hooksPath .githooks
	@echo "commits now run .githooks/pre-commit and .githooks/commit-msg"

.PHONY: clean
clean: ## Remove what was built; keeps the tools that the bootstrap brought
	@find build -mindepth 1 -maxdepth 1 ! -name go ! -name venv ! -name bin ! -name 'node*' ! -name bootstrap -exec rm -rf {} + 2>/dev/null || true

.PHONY: clean/all
clean/all: ## Remove build/ altogether, tools included
	rm -rf build

# One bootstrap at a time: the larger one contains the smaller.
$(BOOTSTRAP_TEST): scripts/bootstrap tools/requirements.txt bindings/node/package-lock.json | $(BOOTSTRAP_BUILD)
	@scripts/bootstrap test

$(BOOTSTRAP_BUILD): scripts/bootstrap
	@scripts/bootstrap build

# The library is compiled with what the bootstrap brings.
lib: | $(BOOTSTRAP_BUILD)
