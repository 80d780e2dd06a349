# Odelink: two commands on a fresh machine with Go and make are `make run` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help run test check fast bench bench-compare cost loadtest scale screenshots cards build image secrets clean

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE   ?= odelink
# A static binary without symbol tables and without this machine's paths in it.
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the demo: gateway, simulated bank and a ready payment link, everything embedded
	@echo 'Building. The first time this takes a while: Go fetches and compiles what the gateway needs.'
	go run ./gateway demo

test: ## everything CI runs: installs what it lacks, starts real servers and browsers, checks, tests, scans
	go run ./gateway/testenv/cmd/suite

check: test ## the same, under the name that says it before a commit

fast: ## tests alone, without the race detector and the checkers; needs what `make test` has installed
	go test ./...

bench: ## micro-benchmarks with allocations
	go test -run '^$$' -bench . -benchmem ./...

bench-compare: ## benchmarks of this tree and of another revision, interleaved, as ratios: make bench-compare BASE=HEAD~5 BENCH=View
	@test -n "$(BASE)" || { echo 'say against what: make bench-compare BASE=<git revision>'; exit 2; }
	go run ./gateway/testenv/cmd/benchcompare $(if $(BENCH),-bench '$(BENCH)') $(BASE)

cost: ## write down what the hot steps allocate now, for the next change to be held against
	ODELINK_COST_RENEW=yes go test -p 1 -count=1 -run 'Landed$$' ./gateway ./gateway/redisstore

loadtest: ## the gateway beside its baselines: one table, reports in loadtest-report/; longer: MINUTES=20; payments for long: SOAK=10
	go run ./gateway/testenv/cmd/sidebyside -minutes $(or $(MINUTES),3.5) -soak $(or $(SOAK),0) -out loadtest-report

scale: ## how it grows, in scale-report/: links, idle connections, payments; more: make scale LINKS=10000000 PAYMENTS=1000000
	go run ./gateway/testenv/cmd/scale -links $(or $(LINKS),100000) -payments $(or $(PAYMENTS),100000) -out scale-report

screenshots: ## pictures of every page, on a phone and a desktop, into docs/screenshots
	go run ./gateway/cmd/screenshots docs/screenshots

cards: ## look for card numbers in files: make cards DIR=/var/log/odelink
	@test -n "$(DIR)" || { echo 'say where: make cards DIR=/var/log/odelink'; exit 2; }
	go run ./gateway/cardscan/cmd/cardscan $(DIR)

build: ## static programs in bin/: the gateway (odelink) and the simulated bank (banksim)
	$(BUILD) -o bin/odelink ./gateway
	$(BUILD) -o bin/banksim ./threeds/cmd/banksim

image: ## the container image, for this machine's processor; needs Docker
	docker build --target gateway --build-arg VERSION=$(VERSION) --tag $(IMAGE):$(VERSION) .

secrets: ## random secrets for compose.yaml in secrets/, unless they are there
	@umask 077; mkdir -p secrets; echo '*' > secrets/.gitignore
	@test -s secrets/postgres_password || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > secrets/postgres_password
	@test -s secrets/master_key || head -c 32 /dev/urandom | base64 > secrets/master_key
	@test -s secrets/settings || printf 'ODELINK_DATABASE_URL=postgres://odelink:%s@postgres:5432/odelink?sslmode=disable\n' "$$(cat secrets/postgres_password)" > secrets/settings
	@# The folder is closed to other users; the containers' user has to read the files mounted from it.
	@chmod 444 secrets/postgres_password secrets/master_key secrets/settings
	@echo 'secrets/ holds postgres_password, master_key and settings. Keep a copy of master_key: without it stored bank credentials are lost.'

clean: ## remove what make built
	rm -rf bin
