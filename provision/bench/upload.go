package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/transfer"
	"github.com/kehuo/provision/provision/tree"
)

// uploadWork is one line of the table of uploads.
type uploadWork struct {
	name    string
	against string // "rsync", "tar" or "scp"
	rtt     time.Duration
	goal    float64
	large   bool // one large file instead of the site
	again   bool // one file of a site that is there differs
}

func uploadWorks() []uploadWork {
	return []uploadWork{
		{"first upload, 1,000 files, 50 ms", "rsync", 50 * time.Millisecond, 0.5, false, false},
		{"first upload, 1,000 files, 0 ms", "rsync", 0, 0.7, false, false},
		{"first upload, 1,000 files, 200 ms", "tar", 200 * time.Millisecond, 0.8, false, false},
		{"200 MiB in one file, 100 ms", "scp", 100 * time.Millisecond, 0.35, true, false},
		{"one file changed of 1,000, 50 ms", "rsync", 50 * time.Millisecond, 0.7, false, true},
	}
}

const largeBytes = 200 << 20

// uploads measures every work and prints the table.
func uploads(ctx context.Context, runs int, only string) error {
	dir, err := os.MkdirTemp("", "provision-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	h, err := startHost(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = h.stop() }()
	u := &uploadBench{host: h, dir: dir, site: filepath.Join(dir, "site"), large: filepath.Join(dir, "site-large")}
	if err := u.write(); err != nil {
		return err
	}
	var rows []row
	for _, w := range uploadWorks() {
		if !strings.Contains(w.name, only) {
			continue
		}
		r, err := u.measure(ctx, w, runs)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		rows = append(rows, r)
	}
	return print(os.Stdout, rows)
}

type uploadBench struct {
	host        *host
	dir         string
	site, large string
	edits       int
	targets     int // pairs of folders so far
}

func (u *uploadBench) write() error {
	if err := writeTree(u.site); err != nil {
		return err
	}
	if err := os.MkdirAll(u.large, 0o755); err != nil {
		return err
	}
	return writeLarge(u.large, largeBytes)
}

// measure lets both do the work by turns.
func (u *uploadBench) measure(ctx context.Context, w uploadWork, runs int) (row, error) {
	r := row{work: w.name, against: w.against, goal: w.goal}
	if err := u.host.relay.SetLink(sandbox.Link{RTT: w.rtt}); err != nil {
		return r, err
	}
	source := u.site
	if w.large {
		source = u.large
	}
	var targets [2]string
	for i := range runs {
		if err := u.prepare(ctx, w, i == 0, source, &targets); err != nil {
			return r, err
		}
		ours, theirs := targets[0], targets[1]
		before := len(u.host.relay.Stats().Conns)
		took, memory, err := u.ours(ctx, source, ours)
		if err != nil {
			return r, err
		}
		r.ours, r.memory = append(r.ours, took), max(r.memory, memory)
		r.trips, r.sent = u.host.traffic(before)
		took, err = u.theirs(ctx, w.against, source, theirs)
		if err != nil {
			return r, err
		}
		r.theirs = append(r.theirs, took)
		if err := sameTrees(ours, theirs); err != nil {
			return r, err
		}
	}
	r.floor = time.Duration(r.trips) * w.rtt
	return r, nil
}

// prepare makes both targets as the work wants to find them. A first upload goes to folders that are new, and is the first
// time that its source is read: no cache knows the hashes. What the runs before left stays until all are over: file systems
// without a journal, as small virtual machines have, take ten times as long to create a file for minutes after a thousand
// were deleted.
func (u *uploadBench) prepare(ctx context.Context, w uploadWork, first bool, source string, targets *[2]string) error {
	if w.again && !first {
		u.edits++
		return os.WriteFile(filepath.Join(source, "resource", "part00", "page000", "file0000"), []byte(fmt.Sprint("edit ", u.edits)), 0o644)
	}
	u.targets++
	for i, who := range []string{"ours", "theirs"} {
		folder := filepath.Join(u.dir, fmt.Sprint(who, u.targets))
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
		targets[i] = filepath.Join(folder, "myweb")
	}
	if err := os.Remove(u.cache(source)); err != nil && !os.IsNotExist(err) {
		return err
	}
	if !w.again {
		return nil
	}
	if err := exec.CommandContext(ctx, "cp", "-a", source, targets[1]).Run(); err != nil {
		return err
	}
	if _, _, err := u.ours(ctx, source, targets[0]); err != nil {
		return err
	}
	return u.prepare(ctx, w, false, source, targets)
}

// cache is the file in which our scan of a source remembers hashes.
func (u *uploadBench) cache(source string) string {
	return filepath.Join(u.dir, "hashes-"+filepath.Base(source))
}

// job describes one upload to the process that does it.
type job struct {
	Address, User, Identity, KnownHosts string
	Port                                int
	Source                              string
	Directory                           string
	StateDir                            string
	Cache                               string
}

// ours runs one upload in a process of its own, so that its start and its memory count.
func (u *uploadBench) ours(ctx context.Context, source, target string) (took time.Duration, memory int64, err error) {
	to := u.host.config
	j := job{to.Address, to.User, to.Identity, to.KnownHosts, to.Port, source, target,
		filepath.Join(filepath.Dir(target), ".myweb.provision"), u.cache(source)}
	description, err := json.Marshal(j)
	if err != nil {
		return 0, 0, err
	}
	file := filepath.Join(u.dir, "job.json")
	if err := os.WriteFile(file, description, 0o600); err != nil {
		return 0, 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, self, "-client", file)
	cmd.Stderr = &strings.Builder{}
	began := time.Now()
	out, err := cmd.Output()
	took = time.Since(began)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, cmd.Stderr)
	}
	_, err = fmt.Sscan(string(out), &memory)
	return took, memory, err
}

// uploadOnce is the program's own way: everything but Docker.
func uploadOnce(ctx context.Context, file string) error {
	description, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(description, &j); err != nil {
		return err
	}
	scanned := make(chan error, 1)
	var m *tree.Manifest
	go func() {
		var err error
		m, err = tree.Scan(ctx, tree.Options{Root: j.Source, Cache: j.Cache})
		scanned <- err
	}()
	c, err := remote.Dial(ctx, remote.Config{Name: "bench", Address: j.Address, Port: j.Port, User: j.User, Identity: j.Identity,
		KnownHosts: j.KnownHosts, SSHConfig: "none"})
	if err := <-scanned; err != nil {
		return err
	}
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	prepared := transfer.Prepare(ctx, c, j.Directory, j.StateDir, m)
	out, err := c.Output(ctx, remote.Command{Script: transfer.HostScript(j.Directory, j.StateDir, m, transfer.Reading{}), Limit: 64 << 20})
	if err != nil {
		return err
	}
	l, err := transfer.ParseHost(strings.NewReader(string(out)))
	if err != nil {
		return err
	}
	err = transfer.Apply(ctx, c, transfer.Compare(m, l, true), transfer.ApplyOptions{
		Root: j.Source, Directory: j.Directory, StateDir: j.StateDir, Prepared: prepared})
	if err != nil {
		return err
	}
	fmt.Println(peakOf(os.Getpid()))
	return nil
}

// theirs runs the tool that people would use.
func (u *uploadBench) theirs(ctx context.Context, tool, source, target string) (time.Duration, error) {
	ssh := quoted(u.host.ssh("ssh", "-p"))
	var script string
	switch tool {
	case "rsync":
		script = fmt.Sprintf("rsync -az -e %s %s/ %s:%s/", shell.Quote(ssh), source, u.host.target(), target)
	case "tar":
		script = fmt.Sprintf("tar -C %s -cf - . | %s %s 'mkdir -p %s && tar -C %s -xf -'", source, ssh, u.host.target(), target, target)
	case "scp":
		if err := os.MkdirAll(target, 0o755); err != nil {
			return 0, err
		}
		script = fmt.Sprintf("%s -q %s/large %s:%s/", quoted(u.host.ssh("scp", "-P")), source, u.host.target(), target)
	}
	began := time.Now()
	out, err := exec.CommandContext(ctx, "sh", "-c", script).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", tool, err, out)
	}
	return time.Since(began), nil
}

// sameTrees makes sure that both did the same work.
func sameTrees(a, b string) error {
	if out, err := exec.Command("diff", "-rq", a, b).CombinedOutput(); err != nil {
		return fmt.Errorf("the results differ: %s", out)
	}
	return nil
}
