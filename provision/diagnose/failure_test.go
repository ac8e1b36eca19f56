package diagnose_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
)

// ended is how a command ended on a host: what it printed is another program's.
type ended struct{ stderr string }

func (e *ended) Error() string { return "docker run: exit status 125" }
func (e *ended) Said() string  { return e.stderr }

func refused(address string) error {
	port := 0
	_, _ = fmt.Sscanf(address[strings.LastIndexByte(address, ':'):], ":%d", &port)
	return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(203, 0, 113, 10), Port: port},
		Err: &os.SyscallError{Syscall: "connect", Err: syscall.ECONNREFUSED}}
}

func TestFailure(t *testing.T) {
	target := []any{"aliyun", "kevin@203.0.113.10:22"}
	mismatch := provision.Fail("probe.status", 502, 200)
	for _, test := range []struct {
		name     string
		err      error
		output   string
		where    diagnose.Where
		code     string
		evidence string // a part of it
	}{
		{"a code of the catalogue", provision.Fail("connect.timeout", target...), "", diagnose.Connect, "connect.timeout", "connect.timeout("},
		{"what it comes from is quoted", provision.Fail("connect.refused", "aliyun", "kevin@203.0.113.10:443", refused("203.0.113.10:443")), "",
			diagnose.Connect, "connect.refused", "dial tcp 203.0.113.10:443: connect: connection refused"},
		{"within another failure", fmt.Errorf("step: %w", provision.Fail("fail.kept-old", "1", "aliyun", provision.Fail("run.nobody-listens", "172.17.0.2:80", "refused"))), "",
			diagnose.Run, "run.nobody-listens", ""},
		{"what others print", provision.Fail("fail.build", "/srv", "aliyun", errors.New("exit status 1")), "E: Unable to locate package nginxx\n",
			diagnose.Build, "build.apt-no-package", "nginxx"},
		{"what a command said", provision.Fail("fail.candidate-run", "c", "aliyun", &ended{"docker: Error response from daemon: Bind for 0.0.0.0:80 failed: port is already allocated.\nSee 'docker run --help'."}), "",
			diagnose.Run, "run.port-taken", "Bind for 0.0.0.0:80 failed"},
		{"an error of net", provision.Fail("fail.site", "aliyun", &url.Error{Op: "Get", URL: "https://kevinhuo.cool/", Err: refused("203.0.113.10:443")}), "",
			diagnose.Site, "site.port-refused", `Get "https://kevinhuo.cool/"`},
		{"an error of os", fmt.Errorf("upload: %w", &fs.PathError{Op: "open", Path: "/srv/site/x for write", Err: syscall.EACCES}), "", diagnose.SFTP, "sftp.permission", "/srv/site/x"},
		{"several errors", errors.Join(context.Canceled, provision.Fail("x.y", refused("203.0.113.10:80"))), "", diagnose.Site, "site.port-refused", ":80"},
		{"more than that it failed", provision.Fail("fail.restarts", "c", "aliyun", "restarting", 1, 3), "ModuleNotFoundError: No module named 'flask'",
			diagnose.Run, "run.python-module", "flask"},
		{"no more than that it failed", provision.Fail("fail.restarts", "c", "aliyun", "restarting", 1, 3), "one\nboom\n", diagnose.Run, "run.restart-loop", "boom"},
		{"a code without words", fmt.Errorf("step: %w", provision.Fail("fail.site", "aliyun", mismatch)), "the last line\n", diagnose.Site, "fail.site", "the last line"},
		{"words for a cause, within", provision.Fail("fail.site", "aliyun", provision.Fail("site.intercepted", "80")), "", diagnose.Site, "site.intercepted", ""},
		{"nobody's failure", errors.New("zorg"), "", diagnose.Build, "", "zorg"},
		{"no text at all", context.Canceled, "", "", "", "context canceled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, words := range []*language.Printer{language.New(language.English), language.New(language.Chinese)} {
				found := diagnose.Failure(test.err, strings.Split(test.output, "\n"), diagnose.Place{Where: test.where}, words)
				if len(found) == 0 || found[0].Code != test.code || found[0].Cause == "" || unfilled.MatchString(found[0].Cause+found[0].Fix) {
					t.Fatalf("%s: %+v, want %s", words.Tag(), found, test.code)
				}
				if strings.Contains(test.evidence, "(") { // a sentence
					continue
				}
				if !strings.Contains(found[0].Evidence, test.evidence) {
					t.Errorf("%s: evidence %q, want %q", words.Tag(), found[0].Evidence, test.evidence)
				}
			}
		})
	}
}

func TestFailureWithoutAnEntryIsToldInItsWords(t *testing.T) {
	words := language.New(language.English)
	failure := provision.Fail("fail.silent", "https", provision.Fail("probe.status", 502, 200))
	found := diagnose.Failure(fmt.Errorf("step: %w", failure), nil, diagnose.Place{}, words)
	if len(found) != 1 || found[0].Severity != provision.SeverityError || found[0].Cause != words.Error(failure) || found[0].Fix != "" {
		t.Errorf("%+v", found)
	}
	port := provision.Fail("site.port-closed", "443", "--add-port=443/tcp", "sudo ufw allow 443/tcp")
	found = diagnose.Failure(port, nil, diagnose.Place{Where: diagnose.Site}, words)
	if len(found) != 1 || !strings.Contains(found[0].Cause, "443") || !strings.Contains(found[0].Fix, "sudo ufw allow 443/tcp") || strings.Contains(found[0].Cause, "EXTRA") {
		t.Errorf("%+v", found)
	}
}

func TestKnown(t *testing.T) {
	at := diagnose.Place{Where: diagnose.Connect, Host: "203.0.113.10", Port: 2222, User: "kevin"}
	for _, tag := range language.Tags() {
		found, ok := diagnose.Known("connect.refused", map[string]string{"port": "2200"}, at, tag)
		if !ok || found.Code != "connect.refused" || !strings.Contains(found.Cause, "2200") || unfilled.MatchString(found.Cause+found.Fix) {
			t.Errorf("%s: %+v", tag, found)
		}
		if found, _ := diagnose.Known("fail.port-held", map[string]string{"port": "8080"}, at, tag); found.Code != "run.port-taken" || !strings.Contains(found.Cause, "8080") {
			t.Errorf("%s: %+v", tag, found)
		}
		if found, ok := diagnose.Known("no.such-code", nil, at, tag); ok {
			t.Errorf("%s: %+v", tag, found)
		}
	}
}

// Our own failures give the findings that their sentences gave when those were read as text.
func TestOwnFailuresAreKnown(t *testing.T) {
	target := []any{"aliyun", "kevin@203.0.113.10:22"}
	of := func(code string, values ...any) error { return provision.Fail(code, append(target, values...)...) }
	refused := of("remote.login.refused", "kevin", "publickey", "no key was offered")
	for _, test := range []struct {
		err  error
		code string
		want string // in the cause or the fix
	}{
		{of("connect.refused", "203.0.113.10:22"), "connect.refused", "sshd"},
		{of("connect.timeout", provision.Fail("remote.timeout.connect", "203.0.113.10:22", "15s")), "connect.timeout", "nc -vz 203.0.113.10 22"},
		{of("connect.name-not-found", "web.example"), "connect.name-not-found", "web.example"},
		{of("connect.no-route", "10.0.0.9:22", errors.New("dial tcp 10.0.0.9:22: connect: no route to host")), "connect.no-route", "ping"},
		{of("connect.kex", "ssh: no common algorithm for key exchange"), "connect.kex", "KexAlgorithms"},
		{of("connect.not-ssh"), "connect.not-ssh", "nc -v 203.0.113.10 22"},
		{of("connect.dropped"), "connect.dropped", "MaxStartups"},
		{of("connect.host-key-changed", "ssh-ed25519", "SHA256:a", "/home/k/.ssh/known_hosts:3", "ssh-ed25519", "SHA256:b", "[203.0.113.10]:2222"), "connect.host-key-changed", `ssh-keygen -R "[203.0.113.10]:2222"`},
		{of("connect.host-key-unknown", "ssh-ed25519", "SHA256:a", provision.Fail("hostkey.unanswered")), "connect.host-key-unknown", "--accept-new-host-key"},
		{of("connect.host-key-declined", "ssh-ed25519", "SHA256:a"), "connect.host-key-declined", "SHA256:a"},
		{of("hostkey.revoked", "ssh-ed25519", "SHA256:a", "/home/k/.ssh/known_hosts:3"), "connect.host-key-revoked", "SHA256:a"},
		{provision.Fail("connect.auth-refused", refused, "try another"), "connect.auth-refused", "ssh-copy-id -i ~/.ssh/id_ed25519.pub kevin@203.0.113.10"},
		{provision.Fail("connect.too-many-auth-failures", refused), "connect.too-many-auth-failures", "IdentitiesOnly"},
		{provision.Fail("connect.key-permissions", refused, "/home/k/.ssh/id", "can be read by others"), "connect.key-permissions", "chmod 600 /home/k/.ssh/id"},
		{provision.Fail("connect.key-format", refused, "/home/k/key.ppk", "is a PuTTY key"), "connect.key-format", "/home/k/key.ppk"},
		{provision.Fail("connect.key-passphrase", refused, "/home/k/.ssh/id", "is locked"), "connect.key-passphrase", "ssh-add /home/k/.ssh/id"},
		{of("connect.no-command", 1, provision.ForeignError("This account is currently not available."), "kevin"), "connect.account-locked", "usermod -s /bin/bash -U kevin"},
		{of("connect.no-command", 1, provision.ForeignError("-"), "kevin"), "connect.no-command", "usermod -s /bin/bash kevin"},
		{of("connect.startup-shell", "~/.bashrc:3:exec zsh"), "connect.startup-shell", "~/.bashrc:3:exec zsh"},
		{of("connect.channel-refused", "open failed"), "connect.channel-refused", "MaxSessions"},
		{provision.Fail("connect.lost", "aliyun", errors.New("EOF"), "again"), "connect.lost", "ServerAliveInterval"},
		{provision.Fail("connect.sudo", "sudo is not installed"), "connect.sudo", "usermod -aG docker kevin"},
		{provision.Fail("sftp.subsystem", "aliyun", errors.New("ssh: subsystem request failed")), "sftp.subsystem", "Subsystem sftp internal-sftp"},
		{provision.Fail("directory.not-yours", "/srv/site", "aliyun", "kevin", "/srv/site"), "sftp.permission", "/srv/site"},
		{provision.Fail("directory.cannot-create", "/srv/site", "aliyun", "kevin", "/srv", "/srv/site"), "sftp.permission", "/srv/site"},
		{provision.Fail("facts.docker-closed", "kevin", "aliyun", errors.New("permission denied")), "docker.socket-permission", "usermod -aG docker"},
		{provision.Fail("fail.port-held", 8080, "aliyun", "the process apache2"), "run.port-taken", " 8080 "},
		{provision.Fail("run.nobody-listens", "172.17.0.2:8000", "connection refused"), "run.nobody-listens", " 8000"},
	} {
		for _, tag := range language.Tags() {
			found := diagnose.Failure(test.err, nil, diagnose.Place{Where: diagnose.Connect, Host: "203.0.113.10", User: "kevin"}, language.New(tag))
			if found[0].Code != test.code || !strings.Contains(found[0].Cause+found[0].Fix, test.want) || unfilled.MatchString(found[0].Cause+found[0].Fix) {
				t.Errorf("%v: %+v, want %s with %q", test.err, found, test.code, test.want)
			}
		}
	}
}

// A candidate that ends with 0 went to the background; with another status it failed, and only its log may say why.
func TestTheStatusOfAnEndedCandidateCounts(t *testing.T) {
	words := language.New(language.English)
	at := diagnose.Place{Where: diagnose.Run}
	for _, test := range []struct {
		failure error
		log     []string
		code    string
	}{
		{provision.Fail("release.candidate-ended", 0), nil, "run.in-background"},
		{provision.Fail("release.candidate-silent", "0"), []string{"starting nginx"}, "run.in-background"},
		{provision.Fail("release.candidate-ended", 3), nil, "release.candidate-ended"},
		{provision.Fail("release.candidate-ended", 0), []string{"ModuleNotFoundError: No module named 'flask'"}, "run.python-module"},
	} {
		if found := diagnose.Failure(test.failure, test.log, at, words); found[0].Code != test.code {
			t.Errorf("%v, %q: %s, want %s", test.failure, test.log, found[0].Code, test.code)
		}
	}
}
