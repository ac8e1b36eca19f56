package site

import (
	"path"
	"slices"
	"strings"
)

// stock is what a base image brings for nginx: the main configuration, its server, and further files that it may include.
type stock struct {
	main, server string
	files        []string
}

const stockMain = `worker_processes auto;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format main '$remote_addr';
    access_log /var/log/nginx/access.log main;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
`

const stockServer = `server {
    listen       80;
    server_name  localhost;
    location / { root /usr/share/nginx/html; index index.html index.htm; }
}
`

// unknownMain stands for the nginx.conf of a base image that is not known: every package and image has a line for one of these.
const unknownMain = `http {
    include conf.d/*.conf;
    include http.d/*.conf;
    include sites-enabled/*;
    include vhosts/*.conf;
    include vhost/*.conf;
    include vhosts.d/*.conf;
    include servers/*;
    include default.d/*.conf;
}
`

// stockOf is what nginx's own images bring, in the directives that matter here; nil for all others.
func stockOf(image string) *stock {
	name, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	folder, base := path.Base(path.Dir(name)), path.Base(name)
	s := &stock{main: stockMain, server: stockServer, files: []string{
		"mime.types", "fastcgi_params", "scgi_params", "uwsgi_params", "fastcgi.conf", "koi-utf", "koi-win", "win-utf", "nginx.conf", "conf.d/default.conf",
	}}
	switch {
	case base == "nginx" && slices.Contains([]string{".", "library", "nginx"}, folder):
		return s
	case base == "nginx-unprivileged":
		s.server = strings.Replace(s.server, "80;", "8080;", 1)
		return s
	}
	return nil
}
