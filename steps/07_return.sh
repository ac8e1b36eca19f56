# Removes what a build was lent.
rm -rf "$1"
