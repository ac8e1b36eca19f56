# The tutorial's base image, nginx, Python, gunicorn and Flask, from Debian's packages. The original stands on CentOS 8, which is
# past its end of life.
FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    bash ca-certificates gunicorn nginx-light openssl python-is-python3 python3-flask python3-pip \
 && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled/* \
 && mkdir -p /etc/nginx/cert \
 && ln -sf /dev/stdout /var/log/nginx/access.log \
 && ln -sf /dev/stderr /var/log/nginx/error.log
ENV LANG=C.UTF-8
CMD ["/bin/bash"]
