challenges=$1 token=$2
# Shows the answer to a challenge on standard input, or takes it away where there is none.
umask 022
mkdir -p "$challenges" && cd "$challenges" || exit
text=
IFS= read -r text || :
[ "$text" ] || { rm -f "$token" && exit; }
printf %s "$text" >".$token" && mv -f ".$token" "$token"
