##@ Lint

GOLANGCI_LINT := build/bin/golangci-lint
VENV_BIN := build/venv/bin
PYTHON_SOURCES := $(wildcard bindings/python examples tests) scripts/run-tests scripts/coverage scripts/sabotage scripts/fuzz
SHELL_SOURCES := scripts/bootstrap .ci/run .githooks/pre-commit .githooks/commit-msg

.PHONY: lint
lint: lint/go lint/tidy lint/python lint/shell ## Every linter and type checker

.PHONY: lint/go
lint/go: $(GOLANGCI_LINT) | $(BOOTSTRAP_TEST) ## gofmt, go vet and golangci-lint
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || \
	  { printf 'gofmt -w is needed: %s\n' $$unformatted >&2; exit 1; }
	go vet ./...
	$(GOLANGCI_LINT) run

.PHONY: lint/tidy
lint/tidy: | $(BOOTSTRAP_TEST) ## go.mod and go.sum hold exactly what is imported
	go mod tidy -diff

.PHONY: lint/python
lint/python: | $(BOOTSTRAP_TEST) ## ruff and mypy --strict
	$(VENV_BIN)/ruff check $(PYTHON_SOURCES)
	$(VENV_BIN)/ruff format --check --extend-exclude '*.md' $(PYTHON_SOURCES)
	MYPYPATH=bindings/python/src $(VENV_BIN)/mypy --strict --cache-dir build/mypy $(wildcard bindings/python/src) scripts/run-tests
	$(VENV_BIN)/mypy --strict --cache-dir build/mypy scripts/coverage
	$(VENV_BIN)/mypy --strict --cache-dir build/mypy scripts/fuzz

.PHONY: lint/shell
lint/shell: | $(BOOTSTRAP_TEST) ## shellcheck
	$(VENV_BIN)/shellcheck $(SHELL_SOURCES)

# Pinned in a module of its own, so that its many requirements stay out of ours.
$(GOLANGCI_LINT): tools/go.mod | $(BOOTSTRAP_BUILD)
	@echo "building golangci-lint (once, about two minutes)"
	cd tools && nice go build -buildvcs=false -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
