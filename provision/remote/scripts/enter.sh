# Goes to the directory, and leaves the command no arguments.
[ -z "$4" ] || cd -- "$4" || exit 1
set --
