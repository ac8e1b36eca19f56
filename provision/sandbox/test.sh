#!/bin/sh
# Runs a command that uses sandbox hosts, and removes whatever it left behind: test.sh FOLDER COMMAND...
# FOLDER holds the hosts' files. An engine that setup.sh started for it is stopped again.
set -u
PROVISION_SANDBOX_DIR=$1
export PROVISION_SANDBOX_DIR
shift

tidy() {
	# With the race detector, because that is how the tests have just compiled it.
	go run -race ./cmd/provision sandbox down || echo "test.sh: sandbox hosts are left behind in $PROVISION_SANDBOX_DIR" >&2
	rm -rf "$PROVISION_SANDBOX_DIR"
	sh provision/sandbox/setup.sh stop
}
mkdir -p "$PROVISION_SANDBOX_DIR"
trap 'exit 130' INT TERM
trap tidy EXIT
"$@"
