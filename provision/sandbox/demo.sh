#!/bin/sh
# Brings a sandbox host up, deploys the sample site to it and shows that it answers: demo.sh PROGRAM [BARE]
# BARE, if not empty, asks for a host as a cloud hands it over: it is prepared first.
set -eu
program=$1 bare=${2:-}

if [ "$bare" ]; then
	inventory=$("$program" sandbox up --bare --name bare)
	"$program" --inventory "$inventory" prepare --yes
	"$program" sandbox up --bare --name bare >/dev/null # the base image, for no registry may be in reach
else
	inventory=$("$program" sandbox up)
fi
"$program" --inventory "$inventory" --yes
address=$(sed -n 's/^ *address: *//p' "$inventory" | head -n 1)

printf '\nhttps://kevinhuo.cool, as a browser would be sent to %s:\n\n' "$address"
curl --silent --show-error --fail --include \
	--resolve "kevinhuo.cool:443:$address" --cacert "${inventory%/*}/site/ssl_files/kevinhuo_cool.pem" \
	https://kevinhuo.cool/
cat <<END

The site is live on the sandbox host. Next:
  $program -i $inventory --yes     again: nothing changes
  $program -i $inventory status    what is deployed
  $program -i $inventory           the wizard
  $program init                    an inventory for a host of your own
  $program sandbox down            remove the sandbox
END
