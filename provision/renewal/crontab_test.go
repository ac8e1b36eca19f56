package renewal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kehuo/provision/provision/remote"
)

// The user's other lines stay, also where cron does not tell them.
func TestCrontab(t *testing.T) {
	const ours = "1 2 * * * renew # site-a"
	for name, c := range map[string]struct {
		before, line, after string
		broken, fails       bool
	}{
		"none yet":          {line: ours, after: ours + "\n"},
		"beside others":     {before: "@daily a\n0 1 * * * old # site-a\n%b \\n\n", line: ours, after: "@daily a\n%b \\n\n" + ours + "\n"},
		"taken away":        {before: "@daily a\n" + ours + "\n", after: "@daily a\n"},
		"taken away, alone": {before: ours + "\n"},
		"cannot be read":    {before: "@daily a\n", line: ours, after: "@daily a\n", broken: true, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			table := filepath.Join(dir, "table")
			script := `#!/bin/sh
case $1 in
-l) [ ! -e ` + dir + `/broken ] || { echo 'cannot read it' >&2; exit 1; }
	[ -e ` + table + ` ] || { echo 'no crontab for kevin' >&2; exit 1; }
	cat ` + table + ` ;;
-r) rm ` + table + ` ;;
-) cat >` + table + ` ;;
esac
`
			write := func(file, text string) {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			write("crontab", script)
			if c.before != "" {
				write("table", c.before)
			}
			if c.broken {
				write("broken", "")
			}
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			_, err := machine{}.Exec(t.Context(), remote.Command{Script: crontabScript.With("site-a", c.line)})
			after, _ := os.ReadFile(table)
			if string(after) != c.after || (err != nil) != c.fails {
				t.Errorf("the table is %q, want %q: %v", after, c.after, err)
			}
		})
	}
}
