# Says whether docker build knows the options that BuildKit alone has, where it is asked for BuildKit.
if DOCKER_BUILDKIT=1 docker build --help 2>/dev/null | grep -q -e --secret; then echo yes; else echo no; fi
