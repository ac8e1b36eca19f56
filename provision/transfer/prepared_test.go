//go:build host

package transfer

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/tree"
)

// TestPrepared: a session opened ahead is used, and leaves nothing behind whether it was or not.
func TestPrepared(t *testing.T) {
	for name, lines := range map[string][]string{"many": nil, "one": {"MaxSessions 1"}} {
		t.Run(name, func(t *testing.T) {
			s := startSSHD(t, lines...)
			c, root := s.dial(t), t.TempDir()
			for _, content := range []string{"first", "second", random(inlineSize - 10)} {
				files{"a": content, "sub/key": content[:5]}.Write(t, root)
				m := scan(t, root, func(o *tree.Options) { o.Private = []string{"sub/key"} })
				if !m.Likely() {
					t.Error("a tree that was read anew is not likely to be uploaded")
				}
				unused := Prepare(t.Context(), c, s.directory, s.state, m)
				if name == "many" {
					<-unused.openInbox().opened
				}
				unused.Close()
				p := Prepare(t.Context(), c, s.directory, s.state, m)
				d := s.compare(t, c, m, true)
				o := s.options(root)
				o.Prepared = p
				must(t, Apply(t.Context(), c, d, o))
				p.Close()
				same(t, read(t, s.directory), read(t, root))
				if left, err := filepath.Glob(filepath.Join(s.state, "incoming.*")); err != nil || len(left) > 0 {
					t.Errorf("there is left %q: %v", left, err)
				}
			}
		})
	}
}

// TestPreparedStreams: streams opened ahead give way to the command that gathers the facts where the host allows few sessions.
func TestPreparedStreams(t *testing.T) {
	for _, limit := range []string{"MaxSessions 1", "MaxSessions 2", "MaxSessions 3", "MaxSessions 4"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			s := startSSHD(t, limit)
			c, root := s.dial(t), t.TempDir()
			content := files{}
			for i := range 6 {
				content[fmt.Sprint("file", i)] = random(1<<20 + i)
			}
			content.Write(t, root)
			m := scan(t, root)
			p := Prepare(t.Context(), c, s.directory, s.state, m)
			defer p.Close()
			began := time.Now()
			d := s.compare(t, c, m, true)
			if took := time.Since(began); took > yieldAfter && limit != "MaxSessions 1" {
				t.Errorf("the facts took %v", took)
			}
			o := s.options(root)
			o.Prepared = p
			must(t, Apply(t.Context(), c, d, o))
			same(t, read(t, s.directory), read(t, root))
		})
	}
}
