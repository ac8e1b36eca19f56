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
			found := diagnose.Failed(test.output, diagnose.Place{Where: diagnose.Site}, tag)
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

// What is known of the host takes the place of HOST and USER; what the output itself names stays as it says.
func TestWhatIsKnownOfTheHostIsNamed(t *testing.T) {
	at := diagnose.Place{Where: diagnose.Connect, Host: "203.0.113.10", Port: 2222, User: "kevin", Identity: "~/.ssh/cloud"}
	for _, test := range []struct{ output, want string }{
		{"ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain", "ssh-copy-id -p 2222 -i ~/.ssh/cloud.pub kevin@203.0.113.10"},
		{"root@198.51.100.7: Permission denied (publickey).", "-i ~/.ssh/cloud.pub root@198.51.100.7"},
		{"ssh: connect to host 203.0.113.10 port 22: Connection timed out", "nc -vz 203.0.113.10 22"},
		{"ssh: overflow reading version string", "nc -v 203.0.113.10 2222"},
		{"pull access denied for mysite", "| ssh -p 2222 kevin@203.0.113.10 docker load"},
		{"Host key for [203.0.113.10]:2222 has changed and you have requested strict checking.", `ssh-keygen -R "[203.0.113.10]:2222"`},
	} {
		for _, tag := range language.Tags() {
			if found := diagnose.Failed(test.output, at, tag); !strings.Contains(found[0].Fix, test.want) {
				t.Errorf("%s: %q is not in %s", found[0].Code, test.want, found[0].Fix)
			}
		}
	}
	if fix := diagnose.Failed("pull access denied for mysite", diagnose.Place{}, language.English)[0].Fix; !strings.Contains(fix, "| ssh USER@HOST docker load") {
		t.Errorf("of nothing known: %s", fix)
	}
}

func TestAddressAndPortOfDockersMessages(t *testing.T) {
	for _, test := range []struct{ output, code, want string }{
		{"failed to bind host port for 203.0.113.10:80:172.17.0.2:80/tcp: cannot assign requested address", "run.address-elsewhere", "203.0.113.10 "},
		{"failed to bind host port for [2001:db8::1]:80:172.17.0.2:80/tcp: cannot assign requested address", "run.address-elsewhere", "2001:db8::1 "},
		{"Error starting userland proxy: listen tcp4 203.0.113.10:80: bind: cannot assign requested address", "run.address-elsewhere", "203.0.113.10 "},
		{"failed to bind host port for 0.0.0.0:8081:172.17.0.2:80/tcp: address already in use", "run.port-taken", " 8081 "},
	} {
		for _, tag := range language.Tags() {
			found := diagnose.Failed("docker: Error response from daemon: "+test.output, diagnose.Place{Where: diagnose.Run}, tag)
			if len(found) != 1 || found[0].Code != test.code || !strings.Contains(found[0].Cause, test.want) {
				t.Errorf("%s: want %s of %q, got %+v", test.output, test.code, test.want, found)
			}
		}
	}
}
