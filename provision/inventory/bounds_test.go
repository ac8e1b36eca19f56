package inventory

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
)

// What no inventory has is refused before the parser sees it, whose work grows with the square of some of it.
func TestHostileTextIsRefusedAtOnce(t *testing.T) {
	for name, text := range map[string]string{
		"lists in each other":     strings.Repeat("[", 60_000),
		"mappings in each other":  strings.Repeat("{a: ", 30_000),
		"blocks in each other":    strings.Repeat("- ", 20_000),
		"keys in each other":      strings.Repeat("? ", 20_000),
		"closed in a text":        strings.Repeat("[\"]\", ", 30_000),
		"anchors":                 "a: " + strings.Repeat("&a ", 20_000),
		"tags":                    "a: " + strings.Repeat("!a ", 20_000),
		"many keys":               strings.Repeat("a: 1\n", 20_000),
		"a megabyte of brackets":  strings.Repeat("[", maxSize),
		"a megabyte of lines":     strings.Repeat("\n", maxSize),
		"a megabyte of dashes":    strings.Repeat("-\n", maxSize/2),
		"a megabyte in one value": "site: " + strings.Repeat("x", maxSize-10),
		"a megabyte of one key":   "site: {" + strings.Repeat("x", maxSize-100) + ": 1}\nhosts: []\n",
		"a megabyte in one name":  "site: {name: " + strings.Repeat("x", maxSize-100) + "}\nhosts: []\n",
		"close to all bounds":     "site:\n" + strings.Repeat("  a: 1\n", 16_600) + "hosts: []\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir, start := t.TempDir(), time.Now()
			var err error
			held := peak(func() { _, err = Parse("inventory.yaml", dir, []byte(text)) })
			took := time.Since(start)
			placed(t, err)
			if took > 30*time.Second || held > 100 {
				t.Errorf("takes %s and %d MiB", took, held)
			}
			if words := english(err); len(words) > 8<<10 {
				t.Errorf("the error has %d bytes: %.300s", len(words), words)
			}
			t.Logf("%s, %d MiB", took, held)
		})
	}
}

// peak is how much more memory is held, in MiB, while work is done than before.
func peak(work func()) uint64 {
	held := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before := held()
	most := before
	done := make(chan struct{})
	go func() { defer close(done); work() }()
	for sample := time.NewTicker(time.Millisecond); ; {
		select {
		case <-done:
			sample.Stop()
			return (max(most, held()) - before) >> 20
		case <-sample.C:
			most = max(most, held())
		}
	}
}

// A fleet of a thousand hosts is far from every bound.
func TestALargeInventoryLoads(t *testing.T) {
	text := "site:\n  source: .\n  certificate: \"\"\n  key: \"\"\nhosts:\n"
	for i := range 1000 {
		text += "  - name: " + entryOf("web", i)[:3] + strings.Trim(entryOf("", i), "[]") + "\n    address: 203.0.113.10\n    port: 22\n    user: kevin\n"
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if inv, err := Parse("inventory.yaml", dir, []byte(text)); err != nil || len(inv.Hosts) != 1000 {
		t.Error(english(err))
	}
}

// The quoted part of a long line is the part that is wrong.
func TestALongLineIsQuotedAroundTheProblem(t *testing.T) {
	_, err := load(t, "site: {"+strings.Repeat(" ", 3000)+"name: '主 机', "+strings.Repeat("a", 3000)+": 1}\nhosts: [{address: a}]\n")
	words := english(err)
	if len(words) > 2000 || !strings.Contains(words, `…`) || !strings.Contains(words, "name: '主 机', aaa") || !strings.Contains(words, "inventory.yaml:1:3014: ") {
		t.Errorf("%d bytes: %s", len(words), words)
	}
}

// To open a named pipe may wait for ever, and to read a device may never end.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/zero", "/dev/null"} {
		start := time.Now()
		_, err := Load(path)
		if provision.CodeOf(err) != "inventory.special" || provision.ExitCode(err) != provision.ExitUsage || time.Since(start) > 10*time.Second {
			t.Errorf("%s: %v, after %s", path, err, time.Since(start))
		}
		if _, err := ReadEnvironment(path); provision.CodeOf(err) != "inventory.environment-special" {
			t.Errorf("%s as a file of variables: %v", path, err)
		}
		for _, field := range []string{"identity", "known_hosts"} {
			_, err := load(t, "site: {}\nhosts: [{address: a, "+field+": "+path+"}]\n")
			if field == "known_hosts" && path == os.DevNull {
				continue // as OpenSSH is told that there is none
			}
			if words := english(err); !strings.Contains(words, "is not a regular file") {
				t.Errorf("%s as %s: %s", path, field, words)
			}
		}
		if _, is := peek(path); is {
			t.Errorf("%s is taken for an inventory", path)
		}
	}
}

// Of the other YAML files of a folder only what begins like an inventory is read whole.
func TestPeekReadsNoMoreThanItMust(t *testing.T) {
	dir := t.TempDir()
	body := "site: {environment_file: secret}\nhosts: []\n"
	for name, c := range map[string]struct {
		text string
		is   bool
	}{
		"plain":       {body, true},
		"flow":        {"{site: {environment_file: secret}, hosts: []}\n", true},
		"quoted":      {"---\n\"site\": {environment_file: secret}\n'hosts': []\n", true},
		"late":        {strings.Repeat("# comment\n", 6000) + body, true},
		"too late":    {strings.Repeat("# comment\n", 7000) + body, false},
		"large":       {body + strings.Repeat("#", maxSize), false},
		"other":       {"services:\n  site: {}\n  hosts: []\n", false},
		"hosts alone": {"hosts: []\n", false},
	} {
		path := filepath.Join(dir, name+".yaml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		secrets, is := peek(path)
		if is != c.is || is && (len(secrets) != 1 || secrets[0] != filepath.Join(dir, "secret")) {
			t.Errorf("%s: %v, %q", name, is, secrets)
		}
	}
}
