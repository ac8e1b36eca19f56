package release

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// long is a container's id of 64 digits that begins with some.
func long(id string) string { return id + strings.Repeat("0", 64-len(id)) }

// TestTidy keeps the release that was live last, stops the one that was replaced, and removes what is surplus: containers, images,
// specifications, environment files. What is somebody else's stays.
func TestTidy(t *testing.T) {
	for _, sh := range shells() {
		t.Run(filepath.Base(sh[0]), func(t *testing.T) {
			state := t.TempDir()
			put := func(name, text string) {
				t.Helper()
				file := filepath.Join(state, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, id := range []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "eeeeeeeeeeee"} {
				put("releases/"+id+".json", `{"image":"myweb:`+id+`"}`+"\n")
			}
			put("releases/dddddddddddd.json", `{"image":"myweb:dddddddddddd","spec":{"environment_file":"/s/environment-1"}}`)
			past := time.Now().Add(-time.Hour)
			for _, id := range []string{"bbbbbbbbbbbb", "eeeeeeeeeeee"} { // older than the others
				if err := os.Chtimes(filepath.Join(state, "releases", id+".json"), past, past); err != nil {
					t.Fatal(err)
				}
			}
			put("environment-1", "A=b")
			put("environment-2", "A=b")
			for _, id := range []string{"aaaaaaaaaaaa", "cccccccccccc", "dddddddddddd", "eeeeeeeeeeee", "0000000000ff"} {
				put("secrets-"+id+"/run/TOKEN", "x")
			}
			put("jobs/cutover-1/status", "0")
			put("jobs/cutover-2/output", "")
			put("stopping/web-zzzzzzzzzzzz", "stopped")

			row := func(fields ...string) string { return strings.Join(fields, "\t") }
			ps := strings.Join([]string{
				row(long("a1"), "web", "running", "myweb:server", "myweb", "aaaaaaaaaaaa", "/d"),
				row(long("b1"), "web-bbbbbbbbbbbb", "running", "sha256:b", "myweb", "bbbbbbbbbbbb", "/d"),
				row(long("c1"), "web-cccccccccccc", "exited", "sha256:c", "myweb", "cccccccccccc", ""),
				row(long("d1"), "web-dddddddddddd", "exited", "sha256:d", "myweb", "dddddddddddd", "/d"),
				row(long("f1"), "web-candidate", "exited", "sha256:f", "myweb", "ffffffffffff", "/d"),
				row(long("0123456789ab"), "web-0123456789ab", "exited", "by-hand:1", "", "", ""),
				row(long("91"), "web-aaaaaaaaaaaa", "running", "x", "other", "aaaaaaaaaaaa", "/other"),
				row(long("92"), "web-backup", "running", "x", "myweb", "aaaaaaaaaaaa", "/d"),
			}, "\n")
			put("ps", ps+"\n")
			e := newEngine(t, `
"ps "*) cat `+state+`/ps ;;
"inspect --format {{eq .Name \"/web-bbbbbbbbbbbb\"}} "*)
	echo "true true 0001-01-01 `+long("b1")+`"; echo "false false 2026-01-02 `+long("d1")+`"
	echo "false false 2026-01-03 `+long("c1")+`"; echo "false false 2026-01-01 `+long("0123456789ab")+`" ;;
"image ls "*) echo sha256:a ;;
"image inspect "*) for i in a b c d e f; do n=$(printf %s%s%s $i$i$i$i $i$i$i$i $i$i$i$i); echo "sha256:$i myweb:server $n myweb:$n"; done
	echo "sha256:a myweb:server aaaaaaaaaaaa myweb:server"; echo "sha256:f myweb:server ffffffffffff theirs:1" ;;`)
			site := Site{Name: "myweb", Directory: "/d", StateDir: state, Container: "web", Image: "myweb:server", Keep: 2}
			_, printed, status := e.run(sh, site.tidyScript("web-bbbbbbbbbbbb"))
			if printed != "running\n" || status != 0 {
				t.Errorf("prints %q and ends with %d", printed, status)
			}
			mark := filepath.Join(state, "stopping", "web-bbbbbbbbbbbb")
			for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				if _, err := os.Stat(mark); os.IsNotExist(err) {
					break
				} else if time.Now().After(deadline) {
					t.Fatal("the mark of a stopped container stays")
				}
			}
			log, err := os.ReadFile(e.log())
			if err != nil {
				t.Fatal(err)
			}
			var did []string
			for line := range strings.Lines(string(log)) {
				if verb, _, _ := strings.Cut(line, " "); slices.Contains([]string{"rm", "stop", "update"}, verb) || strings.HasPrefix(line, "image rm") {
					did = append(did, strings.TrimSuffix(line, "\n"))
				}
			}
			slices.Sort(did)
			// The newest specifications keep their images, with a container or without one.
			want := []string{
				"image rm myweb:eeeeeeeeeeee", "image rm myweb:ffffffffffff",
				"rm -f -v " + long("0123456789ab"), "rm -f -v " + long("d1"), "rm -f -v " + long("f1"),
				"stop -t 10 " + long("b1"), "update --restart no " + long("b1"),
			}
			if !slices.Equal(did, want) {
				t.Errorf("did\n%s\nwant\n%s", strings.Join(did, "\n"), strings.Join(want, "\n"))
			}
			var left []string
			for _, pattern := range []string{"releases/*", "environment-*", "secrets-*/run/*", "jobs/*", "stopping/*"} {
				names, err := fs.Glob(os.DirFS(state), pattern)
				if err != nil {
					t.Fatal(err)
				}
				left = append(left, names...)
			}
			kept := []string{"releases/aaaaaaaaaaaa.json", "releases/bbbbbbbbbbbb.json", "releases/cccccccccccc.json", "releases/dddddddddddd.json",
				"environment-1", "secrets-aaaaaaaaaaaa/run/TOKEN", "secrets-cccccccccccc/run/TOKEN", "secrets-dddddddddddd/run/TOKEN", "jobs/cutover-2"}
			if !slices.Equal(left, kept) {
				t.Errorf("left are %q, want %q", left, kept)
			}
		})
	}
}
