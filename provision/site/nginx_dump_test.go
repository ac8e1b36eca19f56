package site

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/language"
)

// dumped is a configuration as nginx -T prints it.
func dumped(files ...string) []byte {
	var text strings.Builder
	for i := 0; i < len(files); i += 2 {
		text.WriteString("# configuration file " + files[i] + ":\n" + files[i+1] + "\n\n")
	}
	return []byte(text.String())
}

func TestExamineDump(t *testing.T) {
	const main = "events {}\nhttp {\n include conf.d/*.conf;\n}\n"
	good := strings.NewReplacer("443 ssl;", "443 ssl;\nserver_name kevinhuo.cool;").Replace(tlsPart)
	for name, c := range map[string]struct {
		files []string
		want  []string
		at    string
	}{
		"good":           {files: []string{"/etc/nginx/nginx.conf", main, "/etc/nginx/conf.d/site.conf", good + redirect}},
		"no TLS":         {files: []string{"/etc/nginx/nginx.conf", main, "/etc/nginx/conf.d/site.conf", redirect}, want: []string{"tls-missing"}, at: "/etc/nginx/conf.d/site.conf:1"},
		"no session":     {files: []string{"/etc/nginx/nginx.conf", main, "/etc/nginx/conf.d/site.conf", strings.ReplaceAll(good, "ssl_session_timeout 10m;", "") + redirect}, want: []string{"tls-timeout-missing"}, at: "/etc/nginx/conf.d/site.conf:1"},
		"other host":     {files: []string{"/etc/nginx/nginx.conf", main, "/etc/nginx/conf.d/site.conf", good + "server {\nlisten 80;\nif ($host = a.b) { return 301 https://a.b; }\n}\n"}, want: []string{"redirect-none"}, at: "/etc/nginx/conf.d/site.conf:10"},
		"its own prefix": {files: []string{"/app/nginx.conf", "events {}\nhttp {\ninclude sites/a;\n}\n", "/app/sites/a", good + redirect}},
		"nothing":        {},
	} {
		t.Run(name, func(t *testing.T) {
			report := ExamineDump(tutorialSite(), dumped(c.files...), language.New(language.English))
			if got := codes(report); !slices.Equal(got, c.want) {
				t.Fatalf("found %v, want %v", got, c.want)
			}
			for _, p := range report.Problems {
				checkProblem(t, p)
				if p.Edit != nil {
					t.Errorf("%s is mended in the image", p.Finding.Code)
				}
			}
			if c.at != "" {
				if at := fmt.Sprintf("%s:%d", report.Problems[0].File, report.Problems[0].Line); at != c.at {
					t.Errorf("it is at %s, want %s", at, c.at)
				}
			}
		})
	}
}
