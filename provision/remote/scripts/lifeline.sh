# Ends the process group when the other end of standard input is closed: the client hung up, gave the command up or lost the link.
# It is no child of the command's shell, so that a wait in there does not wait for it, and it stands aside when the command has
# ended by itself.
exec 3<&0 </dev/null
( ( trap '' HUP INT TERM; while read -r _; do :; done; kill -0 $$ || exit 0; kill -TERM -$g || kill -TERM $$; sleep $3; kill -KILL -$g || kill -KILL $$ ) <&3 >/dev/null 2>&1 & )
exec 3<&-
