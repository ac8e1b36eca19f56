# Removes what was saved for others to be sent.
rm -rf -- "$1"
