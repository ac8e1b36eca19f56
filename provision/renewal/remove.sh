folder=$1
# Removes the program, its account and its settings.
rm -rf "$folder"
