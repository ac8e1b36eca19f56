package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// rerunWork is one line of the table of re-runs.
type rerunWork struct {
	name, against string
	rtt           time.Duration
	goal          float64 // 0: for information
	ours, theirs  func(context.Context) (time.Duration, error)
	files         string // that the sample site has beside its own
}

const (
	ordinary = "1,000 files" // those of the table of uploads: an ordinary site's size
	large    = "5 GB"        // in five files
)

func (c *cloud) rerunWorks() []rerunWork {
	const far, farther = 50 * time.Millisecond, 200 * time.Millisecond
	login := func(ctx context.Context) (time.Duration, error) { return c.shell(ctx, c.ssh()+" "+c.target()+" true") }
	script := func(ctx context.Context) (time.Duration, error) { return c.shell(ctx, c.script()) }
	ansible := func(ctx context.Context) (time.Duration, error) {
		took, err := c.shell(ctx, "ansible-playbook -i hosts.ini site.yaml", "ANSIBLE_CONFIG="+filepath.Join(c.dir, "ansible.cfg"))
		// Everybody logs in anew: a deployment seldom follows the last one within the minute that Ansible keeps its connection.
		_, _ = c.shell(ctx, c.ssh()+" -o ControlPath="+c.dir+"/ansible -O exit "+c.target())
		return took, err
	}
	docker := func(ctx context.Context) (time.Duration, error) {
		return c.shell(ctx, "docker -H ssh://"+c.target()+" inspect myweb_https", "HOME="+c.dir, "PATH="+c.dir+"/path:"+os.Getenv("PATH"))
	}
	atOnce, inTime := chattyBuild{c, 1, 0}, chattyBuild{c, 100, 50 * time.Millisecond}
	const grown = ", 1,000 files, 50 ms"
	return []rerunWork{
		{"no-op re-run, 0 ms", "ssh HOST true", 0, 1, c.noop, login, ""},
		{"no-op re-run, 50 ms", "ssh HOST true", far, 1, c.noop, login, ""},
		{"no-op re-run, 200 ms", "ssh HOST true", farther, 1, c.noop, login, ""},
		{"no-op re-run, 50 ms", "shell script", far, 0.35, c.noop, script, ""},
		{"no-op re-run, 50 ms", "Ansible", far, 0.15, c.noop, ansible, ""},
		{"no-op re-run, 50 ms", "docker -H ssh://", far, 0, c.noop, docker, ""},
		{"one file changed, 50 ms", "ssh HOST true", far, 2, c.changed, login, ""},
		{"100 MB of build output at once", "the build alone", 0, 1.05, atOnce.ours, atOnce.alone, ""},
		{"100 MB of build output at once", "docker build over ssh", 0, 0, atOnce.ours, atOnce.overSSH, ""},
		{"100 MB of build output in 5 s", "the build alone", 0, 1.05, inTime.ours, inTime.alone, ""},
		{"no-op re-run" + grown, "ssh HOST true", far, 1, c.noop, login, ordinary},
		{"no-op re-run" + grown, "shell script", far, 0.35, c.noop, script, ordinary},
		{"no-op re-run" + grown, "Ansible", far, 0.15, c.noop, ansible, ordinary},
		{"one file changed" + grown, "ssh HOST true", far, 2, c.changed, login, ordinary},
		{"no-op re-run, 5 GB, 0 ms", "ssh HOST true", 0, 1.2, c.noop, login, large},
	}
}

// noop is a whole run that has nothing to do.
func (c *cloud) noop(ctx context.Context) (time.Duration, error) {
	r, err := c.deploy(ctx)
	if err == nil && r.changed != 0 {
		err = errors.New("the run changed something")
	}
	return r.took, err
}

// changed is a run with one file changed, less the steps in which Docker builds, tests and starts.
func (c *cloud) changed(ctx context.Context) (time.Duration, error) {
	page := filepath.Join(c.source, "app", "templates", "changed.html")
	if err := os.WriteFile(page, []byte(time.Now().String()), 0o644); err != nil {
		return 0, err
	}
	r, err := c.deploy(ctx)
	if err == nil && r.changed != 3 { // files, image, container
		err = fmt.Errorf("the run changed %d things", r.changed)
	}
	return r.took - r.steps["07-build"] - r.steps["08-image"] - r.steps["09-run"], err
}

// script is the no-op re-run that a careful person would write by hand: one shared connection, rsync, docker, curl.
func (c *cloud) script() string {
	shared := c.ssh() + " -o ControlMaster=auto -o ControlPath=" + c.dir + "/control -o ControlPersist=10"
	return fmt.Sprintf(`rsync -az -e '%[1]s' site/ %[2]s:dev/peer/
%[1]s %[2]s 'cd dev/peer && docker build -q -t bench_image:server . && docker inspect myweb_https' >/dev/null
curl -sk --fail -o page --resolve kevinhuo.cool:443:%[3]s https://kevinhuo.cool/
%[1]s -O exit %[2]s 2>/dev/null
`, shared, c.target(), relayAddress)
}

// writePeers writes what the peers read.
func (c *cloud) writePeers() error {
	options := fmt.Sprintf("-F none -i %s -o UserKnownHostsFile=%s -o IdentitiesOnly=yes -o BatchMode=yes", c.host.Identity, c.known)
	files := map[string]string{
		"path/ssh": "#!/bin/sh\nexec /usr/bin/ssh " + options + " \"$@\"\n",
		"hosts.ini": fmt.Sprintf("%s ansible_user=%s ansible_ssh_private_key_file=%s ansible_python_interpreter=/usr/bin/python3\n",
			relayAddress, c.host.User, c.host.Identity),
		"ansible.cfg": "[defaults]\ngathering = explicit\n[ssh_connection]\npipelining = True\nssh_args = -F none -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=" + c.known + "\ncontrol_path = " + c.dir + "/ansible\n",
		"site.yaml": `- hosts: all
  tasks:
    - synchronize: {src: site/, dest: dev/peer/, archive: true}
    - docker_image: {name: bench_image, tag: server, source: build, build: {path: /home/kevin/dev/peer, pull: false}}
    - docker_container: {name: myweb_https, state: started}
    - uri: {url: "https://127.0.0.1/", validate_certs: false, headers: {Host: kevinhuo.cool}}
`,
	}
	if err := os.MkdirAll(filepath.Join(c.dir, "path"), 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o755); err != nil {
			return err
		}
	}
	return nil
}
