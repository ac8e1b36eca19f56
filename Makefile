# Two commands on a fresh Debian machine with Go, as root: make demo, make test.

SETUP   := sh provision/sandbox/setup.sh
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)
LINTER  := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The race detector needs a C compiler; the tests talk to OpenSSH's own client, agent and server tools, and to BusyBox as a small host has it.
TEST_PACKAGES := busybox-static curl gcc git iproute2 libc6-dev openssh-client openssh-server rsync
# Hosts of tests live here, so that one command finds what a killed test left behind.
TEST_HOSTS := $(CURDIR)/bin/test-hosts

# An engine started for the tests is stopped after them; one that make demo started is not.
TEST_STATE := /run/provision-test

POINTS := 210

.PHONY: build own demo test lint hosts chaos prepare bench fleet release clean

build: own ## bin/provision, without C
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/provision ./cmd/provision

own: ## the programs for hosts, which bin/provision carries
	for a in amd64 arm64; do CGO_ENABLED=0 GOOS=linux GOARCH=$$a go build -trimpath -buildvcs=false -ldflags '-s -w' -o provision/image/own/edge-linux-$$a ./cmd/edge || exit; \
	CGO_ENABLED=0 GOOS=linux GOARCH=$$a go build -trimpath -buildvcs=false -ldflags '-s -w' -o provision/image/own/renew-linux-$$a ./cmd/renew && gzip -9nf provision/image/own/renew-linux-$$a || exit; done

demo: ## a cloud host on this machine, with the sample site live on it; BARE=1: one without Docker, which is prepared first
	@$(SETUP) start curl
	@$(MAKE) --no-print-directory build
	@sh provision/sandbox/demo.sh bin/provision $(BARE)

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt would change the files above'; exit 1; }
	go vet ./...
	go vet -tags host,bare,fleet ./...
	$(LINTER) -tags host,bare,fleet ./...

test: ## every check: linters, unit tests, end-to-end tests on sandbox hosts, all under the race detector
	@PROVISION_SETUP_STATE=$(TEST_STATE) $(SETUP) start $(TEST_PACKAGES)
	@PROVISION_SETUP_STATE=$(TEST_STATE) sh provision/sandbox/test.sh '$(TEST_HOSTS)' $(MAKE) --no-print-directory lint race

# A program under the race detector sleeps for a second before it exits unless told otherwise; the tests start hundreds.
export GORACE := atexit_sleep_ms=50

.PHONY: race
race: own
	# Three at a time: the first ones wait for the sandbox's root file systems, a minute or two on a new machine; most of the others wait for sshd.
	go test -race -tags host -count=1 -timeout 14m -p 3 -parallel 4 $$(go list ./... | grep -v '/steps')
	# These measure how long a site is out of reach, and so have the machine to themselves; those beside others mostly wait for Docker.
	go test -race -tags host -count=1 -timeout 18m -p 1 -parallel 4 ./steps/...

hosts: build ## the whole cycle on every kind of host, one after another; prints the table of docs/measured.md (about 10 minutes on 2 cores, as much again the first time)
	@PROVISION_SETUP_STATE=$(TEST_STATE) $(SETUP) start $(TEST_PACKAGES)
	@PROVISION_SETUP_STATE=$(TEST_STATE) sh provision/sandbox/test.sh '$(TEST_HOSTS)' go test -tags host -count=1 -timeout 90m -parallel 1 -v ./steps/hosts -args -all -program $(CURDIR)/bin/provision
	@PROVISION_SETUP_STATE=$(TEST_STATE) sh provision/sandbox/test.sh '$(TEST_HOSTS)' go test -tags host -count=1 -timeout 20m -run TestBuildOn ./steps -args -all

chaos: ## breaks a release at POINTS points (210: about 20 minutes on 2 idle cores) and sees the next run mend it
	@PROVISION_SETUP_STATE=$(TEST_STATE) $(SETUP) start $(TEST_PACKAGES)
	@PROVISION_SETUP_STATE=$(TEST_STATE) sh provision/sandbox/test.sh '$(TEST_HOSTS)' go test -tags host -count=1 -timeout 60m -v ./steps/chaos -args -points $(POINTS)

prepare: build ## makes bare hosts ready, breaks them in every way, and mends them: downloads Docker again and again, and waits out each minute (about 10 minutes)
	@PROVISION_SETUP_STATE=$(TEST_STATE) $(SETUP) start $(TEST_PACKAGES)
	@PROVISION_SETUP_STATE=$(TEST_STATE) sh provision/sandbox/test.sh '$(TEST_HOSTS)' go test -tags bare -count=1 -timeout 30m -p 1 -v ./provision/prepare ./provision/renewal ./steps/prepare

bench: ## the program beside what people would use instead; prints the tables of docs/measured.md
	@$(SETUP) start openssh-client openssh-server rsync curl git ansible python3-docker
	go run ./provision/bench

fleet: build ## the program over 1 to 1,000 simulated hosts that have nothing to do; prints the table of docs/measured.md (about a minute)
	go test -tags fleet -count=1 -timeout 10m -v -run 'TestFleetTable|TestFirstDeployments' ./steps/golden -args -program $(CURDIR)/bin/provision

release: own ## archives, packages and checksums in dist/; the same commit gives the same bytes
	rm -rf dist
	go run ./cmd/release dist
	@ls -l dist

clean:
	rm -rf bin dist provision/image/own/edge-* provision/image/own/renew-*
