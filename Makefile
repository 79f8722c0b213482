# Every target says in one line what it is for; `make help` lists them.

GO      ?= go
DATA    ?= zorya-data
PG_ADDR ?= 127.0.0.1:5432
ARGS    ?=

# What commits, recovers and stores, also tested with the race detector.
RACE = ./journal ./storage ./adjudicator ./txn ./cluster

.PHONY: run demo test ci build lint bench help race crash example sqltest-pg

run: build ## Build and run a database on ./zorya-data (ARGS="--profile extended" adds flags)
	bin/zorya serve --data $(DATA) --pg-addr $(PG_ADDR) $(ARGS)

demo: build ## Run the talk's session from an empty directory, and its load
	bash scripts/demo.sh

test: ## Vet and test everything
	$(GO) vet ./...
	$(GO) test ./...

ci: test lint race crash example ## All checks: test, lint, race detector, kill -9 loop, the example's types

build: ## Make bin/zorya
	$(GO) build -o bin/zorya ./cmd/zorya

lint: ## gofmt, vet and staticcheck
	@files=$$(git ls-files '*.go' | xargs gofmt -l) && test -z "$$files" || { echo "not gofmt'ed: $$files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

race: ## Test the commit path with the race detector
	$(GO) test -race -short $(RACE)

crash: build ## Kill the server 20 times under load and verify that nothing acknowledged is lost
	bash scripts/crash.sh

example: ## Check the types of examples/bank
	cd examples/bank && npm ci --no-audit --no-fund && npm run check

sqltest-pg: ## Compare random statements with PostgreSQL's answers (ZORYA_TEST_PG=postgres://…; ARGS="-seed 7 -schemas 20")
	$(GO) test ./sql/sqltest -count=1 -run TestRandom -v $(ARGS)

bench: build ## Compare with PostgreSQL: the same transfers, client and durability
	bash bench/bank.sh

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10
