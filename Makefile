# Everything a developer or CI runs. `make` lists the targets; docs: CONTRIBUTING.md.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Make's own shell must not decide what the product is built with.
export CGO_ENABLED := 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
BUILD   := -trimpath -ldflags '-s -w -X main.version=$(VERSION)'
TOOL    := go tool -modfile=tools/go.mod
# The race detector needs a C compiler, which scripts/setup installs where it can. Under it SQLite takes
# eight times as long, so it looks at the short run; the whole run is made without it.
RACE     = $(if $(shell command -v $${CC:-gcc}),-race)
GOLDEN   = $(sort $(dir $(shell grep -rl --include='*_test.go' 'flag.Bool("update"' internal test cmd 2>/dev/null)))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## build, start a temporary demo company on http://127.0.0.1:8080, say how to sign in
	@scripts/setup run
	@$(MAKE) build
	bin/wardbook demo --listen 127.0.0.1:8080

.PHONY: build
build: ## bin/wardbook, one static program
	go build $(BUILD) -o bin/wardbook ./cmd/wardbook

.PHONY: check
check: fmt-check vet ## the fast half, under a minute: format, vet, architecture, short tests
	go test -short ./...

.PHONY: test
test: setup fmt-check vet lint ## everything, and what CI runs; installs what it needs
	WARDBOOK_REQUIRE_POSTGRES=1 go test -shuffle=on -timeout 30m ./...
	$(if $(RACE),CGO_ENABLED=1 go test $(RACE) -short -timeout 30m ./...,@echo 'no C compiler: the race detector did not look')

.PHONY: bench
bench: ## benchmarks, as ratios against a baseline of the same run
	go run ./test/bench

.PHONY: golden
golden: ## rewrite the expected outputs of tests; review the difference like code
	go test $(addprefix ./,$(GOLDEN)) -update

.PHONY: fmt
fmt: ## format the code
	$(TOOL) gofumpt -w .

.PHONY: fmt-check
fmt-check:
	@bad=$$($(TOOL) gofumpt -l .) && [ -z "$$bad" ] || { printf 'not formatted (run make fmt):\n%s\n' "$$bad"; exit 1; }

.PHONY: vet
vet:
	go vet ./...

.PHONY: lint
lint: ## staticcheck
	$(TOOL) staticcheck ./...

.PHONY: vuln
vuln: ## known vulnerabilities in what we depend on (asks vuln.go.dev)
	$(TOOL) govulncheck ./...

.PHONY: setup
setup: ## install what the tests need and this machine lacks (PostgreSQL, a C compiler)
	@scripts/setup test
