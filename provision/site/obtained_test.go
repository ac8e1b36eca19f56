package site

import (
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/inventory"
)

func obtainedSite() Site {
	s := tutorialSite()
	s.Certificate, s.Key, s.AnswersHTTP = inventory.CertificateACME, "", true
	return s
}

// A site whose certificate the program obtains needs no pair of its own: the lines that copy one go, and a location comes.
func TestAnObtainedCertificate(t *testing.T) {
	for name, want := range map[string][]string{
		"tutorial.conf":       {"acme-copy", "acme-copy", "acme-location"},
		"crlf.conf":           {"acme-copy", "acme-copy", "acme-location"},
		"upstream.conf":       {"acme-copy", "acme-copy", "acme-location", "redirect-missing", "tls-certificate-missing", "tls-ciphers-missing", "tls-key-missing", "tls-missing", "tls-timeout-missing"},
		"commented_crlf.conf": nil,
	} {
		t.Run(name, func(t *testing.T) {
			root := folder(t, map[string]string{"resource/default.conf": testdata(t, name)})
			report := examine(t, root, obtainedSite())
			if got := codes(report); want != nil && !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			after := mend(t, root, report, obtainedSite())
			after = mend(t, root, after, obtainedSite()) // the lines of the pair, once it is known where nginx looks
			if got := codes(after); len(got) > 0 {
				t.Errorf("after mending: %v\n%s", got, root["resource/default.conf"].Data)
			}
			if strings.Contains(string(root["Dockerfile"].Data), "ssl_files") {
				t.Errorf("the Dockerfile still copies the pair:\n%s", root["Dockerfile"].Data)
			}
			if after.CertificatePath == "" || after.KeyPath == "" || after.ChallengePath != challengeFolder {
				t.Errorf("nginx reads %q and %q, and answers from %q", after.CertificatePath, after.KeyPath, after.ChallengePath)
			}
			if text := string(root["resource/default.conf"].Data); strings.Contains(text, "\r\n") && strings.Count(text, "\r\n") != strings.Count(text, "\n") {
				t.Errorf("line ends changed: %q", text)
			}
		})
	}
}

func TestWhereAnObtainedCertificateCannotBe(t *testing.T) {
	conf := testdata(t, "tutorial.conf")
	location := "listen       443 ssl;\n    location /.well-known/acme-challenge/ { root /var/www/acme; }\n"
	for name, c := range map[string]struct {
		conf   string
		change func(*Site)
		want   []string
		paths  []string // certificate and challenges
	}{
		"among the system's": {strings.ReplaceAll(conf, "/etc/nginx/cert/", "/etc/ssl/certs/"), nil,
			[]string{"acme-folder", "acme-folder", "acme-location"}, []string{"/etc/nginx/provision/kevinhuo.cool.pem", challengeFolder}},
		"in two folders": {strings.Replace(conf, "/etc/nginx/cert/kevinhuo_cool.key", "/etc/nginx/keys/kevinhuo_cool.key", 1), nil,
			[]string{"acme-copy", "acme-folder", "acme-folder", "acme-location"}, []string{"/etc/nginx/provision/kevinhuo.cool.pem", challengeFolder}},
		"by DNS": {conf, func(s *Site) { s.AnswersHTTP = false }, []string{"acme-copy", "acme-copy"}, []string{"/etc/nginx/cert/kevinhuo_cool.pem", ""}},
		"a location of the site's own": {strings.Replace(conf, "listen       443 ssl;\n", location, 1), nil,
			[]string{"acme-copy", "acme-copy"}, []string{"/etc/nginx/cert/kevinhuo_cool.pem", "/var/www/acme/.well-known/acme-challenge"}},
		"where a volume is": {conf, func(s *Site) { s.Volumes = []string{"/srv/cert:/etc/nginx/cert:ro"} },
			[]string{"acme-copy", "acme-copy", "acme-location", "acme-mounted"}, nil},
		"no nginx": {conf, func(s *Site) { s.Server = "gunicorn" }, []string{"acme-paths"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := obtainedSite()
			if c.change != nil {
				c.change(&s)
			}
			root := folder(t, map[string]string{"resource/default.conf": c.conf})
			report := examine(t, root, s)
			if got := codes(report); !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
			if after := mend(t, root, report, s); c.paths != nil && !slices.Equal([]string{after.CertificatePath, after.ChallengePath}, c.paths) {
				t.Errorf("nginx reads %s and answers from %s\n%s", after.CertificatePath, after.ChallengePath, root["resource/default.conf"].Data)
			}
		})
	}
}
