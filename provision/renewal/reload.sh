container=$1
# Has the container's own nginx test the pair, and read it.
docker exec "$container" nginx -t 2>&1 && docker exec "$container" nginx -s reload 2>&1
