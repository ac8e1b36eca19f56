package site

import (
	"archive/zip"
	"bytes"
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

// Alibaba's zip for nginx is read as it is, and nothing of it goes into the image.
func TestTheZipOfAPurchase(t *testing.T) {
	leaf, other := issue(t, nil, nil), issue(t, nil, nil)
	pack := func(files ...[2]string) string {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for _, f := range files {
			file, err := w.Create(f[0])
			if err == nil {
				_, err = file.Write([]byte(f[1]))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	const name = "ssl_files/9876543_kevinhuo.cool_nginx.zip"
	s := tutorialSite()
	s.Certificate, s.Key = name, ""
	for what, c := range map[string]struct {
		content string
		want    []string
	}{
		"a pair":                 {pack([2]string{"kevinhuo.cool.pem", leaf.pem()}, [2]string{"kevinhuo.cool.key", leaf.keyPEM(t)}), []string{"acme-copy", "acme-copy"}},
		"with a byte order mark": {pack([2]string{"a/kevinhuo.cool.pem", "\ufeff" + leaf.pem()}, [2]string{"a/kevinhuo.cool.key", leaf.keyPEM(t)}), []string{"acme-copy", "acme-copy"}},
		"of two purchases":       {pack([2]string{"a.pem", leaf.pem()}, [2]string{"a.key", other.keyPEM(t)}), []string{"acme-copy", "acme-copy", "key-mismatch"}},
		"for Tomcat":             {pack([2]string{"a.pfx", "x"}), nil},
		"no zip":                 {"PK", nil},
	} {
		root := folder(t, map[string]string{name: c.content})
		report := examine(t, root, s)
		if c.want == nil {
			if len(report.Errors(StepCertificateLines)) == 0 {
				t.Errorf("%s: nothing is wrong with it", what)
			}
			continue
		}
		if got := codes(report); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %v, want %v", what, got, c.want)
		}
		if certificate, key := ReadPair(root, s); len(certificate) == 0 || len(key) == 0 || len(report.Pair.SHA256) != 64 {
			t.Errorf("%s: read %q, %d bytes of a key", what, certificate, len(key))
		}
		for _, e := range report.Edits() {
			if e.File != "Dockerfile" {
				t.Errorf("%s: %s would be mended", what, e.File)
			}
		}
	}
}
