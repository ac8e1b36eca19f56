package site

import (
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

func TestTutorialSite(t *testing.T) {
	report := examine(t, folder(t, nil), tutorialSite())
	if got := codes(report); len(got) > 0 {
		t.Errorf("the tutorial's site has problems: %v", got)
	}
	if report.CertificatePath != "/etc/nginx/cert/kevinhuo_cool.pem" || report.KeyPath != "/etc/nginx/cert/kevinhuo_cool.key" {
		t.Errorf("nginx is said to read %s and %s", report.CertificatePath, report.KeyPath)
	}
	if p := report.Pair; p.DaysLeft(now) != 60 || !slices.Equal(p.Names, []string{"kevinhuo.cool"}) || !p.SelfSigned || len(p.SHA256) != 64 {
		t.Errorf("the pair is %+v", p)
	}
}

func TestConfigs(t *testing.T) {
	for name, want := range map[string][]string{
		"tutorial.conf":           nil,
		"crlf.conf":               nil,
		"commented.conf":          {"directive-commented-out", "directive-commented-out", "directive-commented-out", "directive-commented-out", "redirect-commented-out", "tls-commented-out"},
		"upstream.conf":           {"redirect-missing", "tls-certificate-missing", "tls-ciphers-missing", "tls-key-missing", "tls-missing", "tls-timeout-missing"},
		"semicolon.conf":          {"config-semicolon"},
		"semicolon_comments.conf": {"config-semicolon-comment", "redirect-none", "tls-commented-out"},
		"commented_crlf.conf":     {"directive-commented-out", "directive-commented-out", "directive-commented-out", "directive-commented-out", "redirect-commented-out", "tls-commented-out"},
	} {
		t.Run(name, func(t *testing.T) {
			root := folder(t, map[string]string{"resource/default.conf": testdata(t, name)})
			report := examine(t, root, tutorialSite())
			if got := codes(report); !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			for _, p := range report.Problems {
				if p.Step == StepNginxConfig && p.Finding.Severity == provision.SeverityError && p.Edit == nil {
					t.Errorf("%s cannot be mended", p.Finding.Code)
				}
			}
			before := testdata(t, name)
			after := mend(t, root, report, tutorialSite())
			if got := codes(after); len(got) > 0 {
				t.Errorf("after mending: %v\n%s", got, root["resource/default.conf"].Data)
			}
			mended := string(root["resource/default.conf"].Data)
			if strings.Contains(before, "\r\n") != strings.Contains(mended, "\r\n") || strings.Count(mended, "\r\n") != 0 && strings.Count(mended, "\r\n") != strings.Count(mended, "\n") {
				t.Errorf("line ends changed: %q", mended)
			}
		})
	}
}
