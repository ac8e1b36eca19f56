//go:build host

package transfer

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// TestSFTPThatLies: an SFTP server that talks nonsense, or falls silent, ends the upload in time and fills nobody's memory.
func TestSFTPThatLies(t *testing.T) {
	// Of the system, and so what the other tests of this program took before is none of it.
	before := memory()
	const version = `printf '\000\000\000\005\002\000\000\000\003'; `
	for name, server := range map[string]string{
		"garbage":                    "exec head -c 100000 /dev/urandom",
		"garbage without end":        "exec cat /dev/urandom",
		"zeros without end":          "exec cat /dev/zero",
		"half a version":             `printf '\000\000\000\005\002'`,
		"a long version":             `printf '\177\377\377\377\002'; exec cat /dev/zero`,
		"an end after the version":   version,
		"a long answer":              version + `head -c 9 >/dev/null; printf '\177\377\377\377\145'; exec cat /dev/zero`,
		"garbage for an answer":      version + "head -c 9 >/dev/null; exec cat /dev/urandom",
		"silence after the version":  version + "exec sleep 1000",
		"silence instead of version": "exec sleep 1000",
	} {
		for size, content := range map[string]string{"small": "1", "large": random(5 << 20)} {
			t.Run(name+", "+size, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "sftp")
				must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+server+"\n"), 0o755))
				s := startSSHD(t, "Subsystem sftp "+path)
				c, root := s.dial(t), t.TempDir()
				files{"a": content}.Write(t, root)
				must(t, os.MkdirAll(s.directory, 0o755))
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				defer cancel()
				err := Apply(ctx, c, s.compare(t, c, scan(t, root), true), s.options(root))
				said := language.New(language.English).Error(err)
				if err == nil || ctx.Err() != nil || provision.CodeOf(err) == "" || strings.Contains(said, "\n") || strings.Contains(said, "%!") {
					t.Errorf("ended with %v: %s", err, said)
				}
				t.Log(said)
				same(t, read(t, s.directory), files{})
			})
		}
	}
	t.Cleanup(func() {
		if took := memory() - before; took > 300<<20 {
			t.Errorf("the program took %d MiB of memory", took>>20)
		}
	})
}

// memory is what the program has from the system, bytes.
func memory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}
