package diagnose_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
)

// A port that begins with the digits of 80 or 443 is another port, and a fix for those two would open the wrong one.
func TestPortIsTheOneThatWasAsked(t *testing.T) {
	for _, test := range []struct{ output, code, port string }{
		{"dial tcp 203.0.113.10:8080: connect: connection refused", "site.port-refused", "8080"},
		{`Get "http://kevinhuo.cool:8081/": dial tcp 203.0.113.10:8081: connect: connection refused`, "site.port-refused", "8081"},
		{"dial tcp [2001:db8::1]:443: connect: connection refused", "site.port-refused", "443"},
		{"dial tcp 203.0.113.10:4430: i/o timeout", "site.port-closed", "4430"},
		{"curl: (28) Failed to connect to kevinhuo.cool port 8443 after 130231 ms: Connection timed out", "site.port-closed", "8443"},
	} {
		for _, tag := range language.Tags() {
			found := diagnose.Failed(test.output, diagnose.Site, tag)
			if found[0].Code != test.code {
				t.Errorf("%s: %s, want %s", test.output, found[0].Code, test.code)
			}
			for _, words := range []string{found[0].Cause, found[0].Fix} {
				if rest := strings.ReplaceAll(words, test.port, ""); rest == words || strings.Contains(rest, "80") || strings.Contains(rest, "443") {
					t.Errorf("%s: not of port %s alone: %s", test.output, test.port, words)
				}
			}
		}
	}
}
