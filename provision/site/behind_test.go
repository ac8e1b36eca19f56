package site

import (
	"os"
	"slices"
	"testing"
	"testing/fstest"
)

func TestWhatStandsBehindNginxIsKnownForTheTutorialsSiteOnly(t *testing.T) {
	sample := os.DirFS("../sandbox/sample")
	if got := Behind(sample, Site{Server: "nginx"}); !slices.Equal(got, []string{"gunicorn", "flask"}) {
		t.Errorf("behind nginx of the sample site is %v", got)
	}
	if got := Behind(sample, Site{Server: "caddy"}); got != nil {
		t.Errorf("behind another server is %v", got)
	}
	node := fstest.MapFS{
		"Dockerfile":   {Data: []byte("FROM nginx\nCOPY default.conf /etc/nginx/conf.d/\nCMD [\"sh\", \"start.sh\"]\n")},
		"default.conf": {Data: []byte("server { listen 80;\nlocation / {\nproxy_pass http://127.0.0.1:5000;\n}\n}\n")},
		"start.sh":     {Data: []byte("# once gunicorn and flask\nnode server.js &\n")},
	}
	if got := Behind(node, Site{Server: "nginx"}); got != nil {
		t.Errorf("behind nginx of a Node site is %v", got)
	}
}
