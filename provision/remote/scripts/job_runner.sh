# Outlives the session: notes who it is before the script begins and how the script ended, each by a rename. The folder.
d=$1; mask=$(umask); umask 077
look $$
printf '%s %s %s\n' $$ "$since" "$boot" >"$d/pid.new" && mv "$d/pid.new" "$d/pid" || exit 1
trap '' HUP
(umask "$mask"; exec /bin/sh "$d/script")
printf '%s\n' $? >"$d/status.new" && mv "$d/status.new" "$d/status"
