#!/bin/sh
# Brings a sandbox host up, deploys the sample site to it and shows that it answers: demo.sh PROGRAM
set -eu
program=$1

inventory=$("$program" sandbox up)
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
