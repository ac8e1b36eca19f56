package golden

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
)

// TestPlans holds what a run would change on every kind of host, without the words for it.
func TestPlans(t *testing.T) {
	docker := func(argv ...string) func(*lab) { return func(l *lab) { l.t.Helper(); l.Docker.Do(l.t, argv...) } }
	stranger := func(argv ...string) func(*lab) {
		return docker(append(append([]string{"run", "-d"}, argv...), fakehost.BaseImage)...)
	}
	for _, scenario := range []struct {
		name    string
		lab     func(*testing.T) *lab
		prepare []func(*lab)
	}{
		{"an empty host", newLab, nil},
		{"up to date", newRecordedLab, nil},
		{"a file changed here", newRecordedLab, []func(*lab){func(l *lab) { l.edit("site/app/templates/index.html", "second", "third") }}},
		{"texts that changed here", newRecordedLab, []func(*lab){func(l *lab) {
			l.diffs = true
			l.edit("site/app/templates/index.html", "second", "third\x1b[31m")
			l.edit("site/ssl_files/kevinhuo_cool.pem", "-----BEGIN", "\n-----BEGIN")
			l.edit("environment", "hello", "a greeting")
		}}},
		{"a text that tells a secret", newRecordedLab, []func(*lab){func(l *lab) {
			l.diffs = true
			l.edit("environment", "hello", "a greeting")
			l.edit("site/app/templates/index.html", "second", "a greeting")
		}}},
		{"a file changed there", newRecordedLab, []func(*lab){func(l *lab) {
			check(l.t, os.WriteFile(l.Path(directory+"/app/templates/index.html"), []byte("drift"), 0o644))
		}}},
		{"a file is gone here", newRecordedLab, []func(*lab){func(l *lab) {
			l.edit("site/Dockerfile", "COPY ./app ./app\n", "")
			check(l.t, os.RemoveAll(l.source+"/app"))
		}}},
		{"a file that is gone here is to go there", newRecordedLab, []func(*lab){func(l *lab) {
			l.edit("inventory.yaml", "  domain:", "  delete: true\n  domain:")
			l.edit("site/Dockerfile", "COPY ./app ./app\n", "")
			check(l.t, os.RemoveAll(l.source+"/app"))
		}}},
		{"other settings", newRecordedLab, []func(*lab){func(l *lab) {
			l.edit("inventory.yaml", "LANG: C.UTF-8", "LANG: C")
			l.edit("inventory.yaml", `"8080:80"`, `"8081:80"`)
		}}},
		{"another environment file", newRecordedLab, []func(*lab){func(l *lab) { l.edit("environment", "hello", "goodbye") }}},
		{"the container is down", newRecordedLab, []func(*lab){docker("stop", "myweb_https")}},
		{"the container is gone", newRecordedLab, []func(*lab){docker("rm", "-f", "myweb_https")}},
		{"the image has no name any more", newRecordedLab, []func(*lab){docker("image", "rm", "myweb_image:server")}},
		{"the image is another one", newRecordedLab, []func(*lab){docker("tag", fakehost.BaseImage, "myweb_image:server")}},
		{"containers and images are gone", newRecordedLab, []func(*lab){docker("rm", "-f", "myweb_https", "myweb_https-"+keptRelease),
			docker("image", "rm", "myweb_image:server", "myweb_image:3c7cf782cee6", "myweb_image:907fbdf4927c")}},
		{"renamed by hand", newRecordedLab, []func(*lab){docker("rename", "myweb_https", "renamed")}},
		{"renamed by hand with a stranger in its place", newRecordedLab, []func(*lab){docker("rename", "myweb_https", "renamed"), stranger("--name", "myweb_https")}},
		{"a stranger has the name", newLab, []func(*lab){stranger("--name", "myweb_https")}},
		{"run by hand after the tutorial", newRecordedLab, []func(*lab){docker("rm", "-f", "myweb_https"),
			docker("run", "-d", "-p", "8080:80", "-p", "8443:443", "--name", "myweb_https", "myweb_image:server")}},
		{"a cutover was interrupted", newRecordedLab, []func(*lab){docker("rename", "myweb_https", "myweb_https-candidate"),
			docker("rename", "myweb_https-"+keptRelease, "myweb_https"), docker("start", "myweb_https")}},
		{"a cutover to an earlier tree was interrupted", newRecordedLab, []func(*lab){docker("rename", "myweb_https", "myweb_https-candidate"),
			docker("rename", "myweb_https-"+keptRelease, "myweb_https"), func(l *lab) { l.edit("site/app/templates/index.html", "second", "third") }}},
		{"it has lost its ports", newRecordedLab, []func(*lab){docker("network", "disconnect", "bridge", "myweb_https")}},
		{"it crashes again and again", newRecordedLab, []func(*lab){func(l *lab) {
			l.Docker.Edit(l.t, "myweb_https", true, "State", "Restarting")
			l.Docker.Edit(l.t, "myweb_https", "restarting", "State", "Status")
		}}},
		{"another site beside it", newRecordedLab, []func(*lab){stranger("--name", "shop_https", "-p", "9080:80", "--label", "io.provision.site=shop",
			"--label", "io.provision.directory="+fakehost.Home+"/dev/shop", "--label", "io.provision.release=0123456789ab")}},
		{"another site of the same name", newRecordedLab, []func(*lab){func(l *lab) {
			labels := map[string]any{"io.provision.site": "myweb", "io.provision.directory": fakehost.Home + "/other/myweb", "io.provision.release": liveRelease}
			l.Docker.Edit(l.t, "myweb_https", labels, "Config", "Labels")
		}}},
		{"another container has a port", newLab, []func(*lab){stranger("--name", "other", "-p", "8443:443")}},
		{"a program has a port", newLab, []func(*lab){func(l *lab) {
			l.Listening(l.t, "LISTEN 0 511 0.0.0.0:8443 0.0.0.0:* users:((\"caddy\",pid=1,fd=3))\n")
		}}},
		{"a program that may not be known has a port", newLab, []func(*lab){func(l *lab) { l.Listening(l.t, "LISTEN 0 511 [::]:8080 [::]:*\n") }}},
		{"a file has the place of the folder", newLab, []func(*lab){func(l *lab) {
			check(l.t, os.MkdirAll(l.Path(fakehost.Home+"/dev"), 0o755))
			check(l.t, os.WriteFile(l.Path(directory), nil, 0o644))
		}}},
		{"no Docker", newLab, []func(*lab){func(l *lab) {
			l.NoSockets = true
			l.Command(l.t, "docker", "echo '/bin/sh: 1: docker: not found' >&2; exit 127")
		}}},
		{"podman instead of Docker", newLab, []func(*lab){func(l *lab) {
			l.NoSockets = true
			l.Docker.Info.Plugins.Log = []string{"k8s-file", "none", "passthrough", "journald"}
		}}},
		{"a rootless engine that docker does not find", newLab, []func(*lab){func(l *lab) {
			l.NoSockets = true
			l.Command(l.t, "docker", "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1")
			check(l.t, os.MkdirAll(l.Path("/run/user/1000"), 0o700))
			own, err := net.Listen("unix", l.Path("/run/user/1000/docker.sock"))
			check(l.t, err)
			l.t.Cleanup(func() { _ = own.Close() })
		}}},
		{"an engine that a shell without a terminal does not hear of", newLab, []func(*lab){func(l *lab) {
			l.NoSockets = true
			check(l.t, os.Remove(l.Path("/var/run/docker.sock")))
			l.Command(l.t, "docker", "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1")
			check(l.t, os.WriteFile(l.Path(fakehost.Home+"/.bashrc"), []byte("case $- in *i*) ;; *) return ;; esac\n\texport DOCKER_HOST=unix:///run/kevin.sock\n"), 0o644))
		}}},
		{"ports that a rootless engine may not publish", newLab, []func(*lab){func(l *lab) {
			l.NoSockets = true
			l.Docker.Info.SecurityOptions = []string{"name=seccomp,profile=default", "name=rootless"}
			l.Command(l.t, "cat", `case $1 in *ip_unprivileged_port_start) echo 65000 ;; *) exec /bin/cat "$@" ;; esac`)
		}}},
		{"options that a person should know of", newLab, []func(*lab){func(l *lab) {
			l.edit("inventory.yaml", "  domain:", "  options: [\"--privileged\", \"--network=host\"]\n  domain:")
		}}},
		{"a certificate of another site", newRecordedLab, []func(*lab){func(l *lab) { l.edit("inventory.yaml", "kevinhuo.cool", "example.org") }}},
		{"nginx lines that are missing", newRecordedLab, []func(*lab){func(l *lab) {
			l.edit("site/resource/default.conf", "    ssl_certificate /etc/nginx/cert/kevinhuo_cool.pem;\n", "")
		}}},
		{"other build options", newRecordedLab, []func(*lab){func(l *lab) {
			l.edit("site/Dockerfile", "FROM ", "ARG VERSION\nFROM ")
			l.edit("inventory.yaml", "  domain:", "  build: {args: {VERSION: \"2\"}, target: \"0\", pull: true}\n  domain:")
		}}},
		{"build secrets and the old builder", newRecordedLab, []func(*lab){lent}},
		{"build secrets and BuildKit", newRecordedLab, []func(*lab){lent, func(l *lab) { l.Docker.BuildHelp = buildKitHelp }}},
		{"hooks and nothing to do", newRecordedLab, []func(*lab){hooks("exit 9", "migrate", "clean up")}},
		{"hooks around a release", newRecordedLab, []func(*lab){hooks("exit 9", "migrate\nand more", "clean up"), func(l *lab) {
			l.edit("site/app/templates/index.html", "second", "third")
		}}},
		{"no Dockerfile", newRecordedLab, []func(*lab){func(l *lab) { check(l.t, os.Remove(l.source+"/Dockerfile")) }}},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			t.Parallel()
			l := scenario.lab(t)
			for _, prepare := range scenario.prepare {
				prepare(l)
			}
			l.Docker.Calls() // those were the preparations
			plan, events := l.planned()
			if calls := changing(l.Docker.Calls()); len(calls) > 0 {
				t.Errorf("planning has run %q", calls)
			}
			golden(t, "plans/"+strings.NewReplacer(" ", "-").Replace(scenario.name), l.neutral(planText(plan, events)))
		})
	}
}

// buildKitHelp is what docker build says of the options that matter where it is BuildKit.
const buildKitHelp = "      --load\n      --secret stringArray\n"

// buildSecret is in a file that a build is lent.
const buildSecret = "npm_0123456789abcdef"

// lent gives the build a secret.
func lent(l *lab) {
	check(l.t, os.WriteFile(l.dir+"/npm-token", []byte(buildSecret), 0o600))
	l.edit("inventory.yaml", "  domain:", "  build: {secrets: {npm: npm-token}}\n  domain:")
}

// hooks gives the site hooks.
func hooks(build, before, after string) func(*lab) {
	return func(l *lab) {
		l.edit("inventory.yaml", "  domain:", fmt.Sprintf("  hooks: {before_build: %q, before_switch: %q, after_switch: %q}\n  domain:", build, before, after))
	}
}

// planText is a plan without words, and what was found on the way to it.
func planText(p provision.PlanFinished, events []provision.Event) string {
	var text strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&text, "%s %s\n    because %s\n", c.Step, c.Action, c.Reason)
		for line := range strings.Lines(c.Diff) {
			text.WriteString("    | " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	for _, e := range events {
		if line := eventText(e); line != "" && (e.Body.EventType() == "finding" || strings.HasSuffix(line, string(provision.StatusFailed))) {
			text.WriteString(line + "\n")
		}
	}
	return text.String() + fmt.Sprintf("status %d %s\n", p.ExitCode, code(p.Hosts["cloud"].Err))
}

// code is what failed, without how it is said; nothing for what has no code.
func code(err error) string { return provision.CodeOf(err) }

// neutral is text without what is another one on every machine.
func (l *lab) neutral(text string) string {
	return strings.NewReplacer(l.dir, "DIR", l.Address, "ADDRESS", fmt.Sprint(l.Port), "PORT").Replace(text)
}
