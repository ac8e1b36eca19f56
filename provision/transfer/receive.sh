# Unpacks one stream of files where they are staged. Expects: stage.
umask 077
mkdir -p -- "$stage" && cd -- "$stage" && gzip -dc | tar -xpof -
