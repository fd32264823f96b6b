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

# The front end is built where there is Node.js 20.19 or later. Without it the program says that it has no screen.
UI       = $(and $(wildcard ui/package.json),$(shell scripts/setup node))
UI_FILES = $(shell find ui locales -type f -not -path '*/node_modules/*' -not -path 'ui/dist/*' 2>/dev/null)
E2E      = $(if $(UI),test/e2e/node_modules/.ok)
NPM_CI   = npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## build, start a temporary demo company on http://127.0.0.1:8080, say how to sign in
	@scripts/setup run
	@$(MAKE) build
	bin/wardbook demo --listen 127.0.0.1:8080

.PHONY: build
build: ui ## bin/wardbook, one static program
	go build $(BUILD) -o bin/wardbook ./cmd/wardbook

.PHONY: ui
ui: $(if $(UI),ui/dist/index.html) ## the front end, where there is Node.js
	$(if $(wildcard ui/package.json),$(if $(UI),@:,@echo 'no Node.js 20.19 or later here: the program is built without its screen (install nodejs and npm, then repeat)' >&2),@:)

ui/node_modules/.ok: ui/package-lock.json
	cd ui && $(NPM_CI)
	touch $@

# Vite empties the folder, and Git keeps it by a file in it.
ui/dist/index.html: ui/node_modules/.ok $(UI_FILES)
	cd ui && npm run --silent build
	touch ui/dist/.keep $@

test/e2e/node_modules/.ok: test/e2e/package-lock.json
	cd test/e2e && $(NPM_CI)
	touch $@

.PHONY: e2e
e2e: ui $(E2E) ## the tests in a browser alone
	WARDBOOK_REQUIRE_BROWSER=1 go test -count=1 -timeout 15m ./test/e2e

.PHONY: check
check: fmt-check vet ## the fast half, under a minute: format, vet, architecture, short tests
	go test -short ./...

.PHONY: test
test: setup fmt-check vet lint ## everything, and what CI runs; installs what it needs
	@$(MAKE) ui $(E2E)
	$(if $(UI),(cd ui && npm run --silent check) && touch ui/dist/.keep)
	WARDBOOK_REQUIRE_POSTGRES=1 $(if $(UI),WARDBOOK_REQUIRE_BROWSER=1) go test -shuffle=on -timeout 30m ./...
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
