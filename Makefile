# Every target says in one line what it is for; `make help` lists them.

GO      ?= go
DATA    ?= zorya-data
PG_ADDR ?= 127.0.0.1:5432
ARGS    ?=
ROUNDS  ?= 20
CUTS    ?= 20
CORRUPTIONS ?= 100
SEED    ?= 1
SEEDS   ?= 1000
FUZZTIME ?= 20s

# What commits, recovers and stores, also tested with the race detector.
RACE = ./journal ./storage ./adjudicator ./txn ./cluster

.PHONY: fuzz run demo test ci build lint bench help race crash corrupt sim plant sensitivity example sqltest-pg

run: build ## Build and run a database on ./zorya-data (ARGS="--profile extended" adds flags)
	bin/zorya serve --data $(DATA) --pg-addr $(PG_ADDR) $(ARGS)

demo: build ## Run the talk's session from an empty directory, and its load
	bash scripts/demo.sh

test: ## Vet and test everything
	$(GO) vet ./...
	$(GO) test ./...

ci: test lint race sim plant crash corrupt example ## All checks: test, lint, race detector, simulation, planted bugs, kill -9 loop, corruptions, the example's types

build: ## Make bin/zorya
	$(GO) build -o bin/zorya ./cmd/zorya

lint: ## gofmt, vet and staticcheck
	@files=$$(git ls-files '*.go' | xargs gofmt -l) && test -z "$$files" || { echo "not gofmt'ed: $$files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

race: ## Test the commit path with the race detector
	$(GO) test -race -short $(RACE)

crash: build ## Under load: kill -9 (ROUNDS=20), power losses (CUTS=20), failing disks; nothing acknowledged is lost
	ROUNDS=$(ROUNDS) bash scripts/crash.sh
	$(GO) test ./e2e -count=1 -timeout 1h -run 'TestPowerLoss|TestDiskFaults' -v -args -cuts $(CUTS) -faults 2

corrupt: ## Damage files of a closed data directory (CORRUPTIONS=100); nothing is answered wrong or lost silently
	$(GO) test ./e2e -count=1 -timeout 2h -run TestCorruptions -v -args -corruptions $(CORRUPTIONS)

sim: ## Run the simulated world (SEED=1 SEEDS=1000; ARGS="-v" prints the trace, "-workloads bank,build" chooses)
	$(GO) run ./cmd/zorya-sim -seed $(SEED) -seeds $(SEEDS) $(ARGS)

plant: ## Plant each bug of sim/bugs.go in turn; the simulated world must find it
	$(GO) run ./cmd/zorya-sim -plant all

sensitivity: build ## Show that the history checker reports what it should (ZORYA_TEST_PG=postgres://…)
	bash scripts/sensitivity.sh

example: ## Check the types of examples/bank
	cd examples/bank && npm ci --no-audit --no-fund && npm run check

sqltest-pg: ## Check the recorded answers and random statements against PostgreSQL (ZORYA_TEST_PG=postgres://…; ARGS="-seed 7 -schemas 20")
	$(GO) test ./sql/sqltest -count=1 -run 'TestScriptsAreRecorded|TestRandom' -v -args $(ARGS)

fuzz: ## Fuzz wire messages, the parser, inputs of types, keys, rows and records (FUZZTIME=20s each)
	bash scripts/fuzz.sh $(FUZZTIME)

bench: build ## Compare with PostgreSQL: the same transfers, client and durability
	bash bench/bank.sh

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10
