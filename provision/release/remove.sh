# Removes a container of the site's. Arguments: its name, the site.
remove_ours "$1" "$2"
