package state_test

import (
	"encoding/json"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/state"
)

// harmless checks text that a person will read.
func harmless(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if text != safetext.Clean(text) {
			t.Fatalf("%q can act on a terminal", text)
		}
	}
}

// FuzzParseShown checks that no lock is shown as one of the future, or with words that act on a terminal.
func FuzzParseShown(f *testing.F) {
	f.Add("7\n1700000005\n1700000000\n" + `{"token":"a","session":1,"who":"kevin@here","purpose":"provision","since":"2026-03-01T09:30:00Z"}` + "\n")
	f.Add("7\n1700000005\n")
	f.Add("7\n1700000005\nodd\n")
	f.Add("-1\n9223372036854775807\n-9223372036854775808\n{\"who\":\"\\u001b[31m\"}\n")
	f.Fuzz(func(t *testing.T, text string) {
		turn, held := state.ParseShown(text)
		if turn < 0 {
			t.Fatalf("turn %d", turn)
		}
		if held == nil {
			return
		}
		if held.Quiet < 0 || len(held.Text()) > len(text) {
			t.Fatalf("%+v", held)
		}
		harmless(t, held.Owner.Who, held.Owner.Purpose)
	})
}

// FuzzParseHistory checks that what is read of a history is written and read again as it was.
func FuzzParseHistory(f *testing.F) {
	f.Add(`{"time":"2026-03-01T09:30:00Z","who":"kevin@here","command":"provision","release":"0123456789ab","outcome":"ok","changed":3,"duration_ms":1500}` + "\n")
	f.Add("{\"time\":\"20\n{\"who\":\"a\\u001b]0;x\\u0007b\\n\",\"changed\":-1,\"duration_ms\":-9223372036854775808}\n[[[[\n")
	f.Fuzz(func(t *testing.T, text string) {
		records := state.ParseHistory([]byte(text))
		if len(records) > strings.Count(text, "\n")+1 {
			t.Fatalf("%d records of %q", len(records), text)
		}
		var written []byte
		for _, r := range records {
			harmless(t, r.Who, r.Command, r.Release, r.Outcome)
			if r.Changed < 0 || r.DurationMS < 0 {
				t.Fatalf("%+v", r)
			}
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatalf("%+v cannot be written: %v", r, err)
			}
			written = append(append(written, line...), '\n')
		}
		if again := state.ParseHistory(written); !reflect.DeepEqual(again, records) {
			t.Fatalf("%+v was %+v", again, records)
		}
	})
}

// FuzzParseRelease checks that a release which is read names nothing but what is the site's, and is written and read again as
// it was.
func FuzzParseRelease(f *testing.F) {
	const directory = "/home/kevin/dev/myweb"
	f.Add(`{"tree":"` + tree + `","image":"example.com:5000/a/myweb:0123456789ab","spec":{"ports":["80:80"],"command":["bash","./start.sh"],"environment":{"A":"b"},"environment_file":"/home/kevin/dev/.myweb.provision/environment-0123456789ab","restart":"no"},"asked":{"tls":true}}`)
	f.Add(`{"tree":"` + tree + `","image":"myweb:0123456789ab","spec":{"volumes":["/:/host"],"options":["--privileged"]},"asked":null}`)
	f.Add(`{"tree":"0123456789ab","image":"a:0123456789ab","spec":{"log_max_file":-1,"environment":{"A\u0000":"\u001b"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := state.ParseRelease(directory, []byte(text))
		if err != nil {
			if len(err.Error()) > 4096 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if file := r.Spec.EnvironmentFile; file != "" && path.Dir(file) != state.Dir(directory) {
			t.Fatalf("the file %q", file)
		}
		if strings.HasPrefix(r.Image, "-") {
			t.Fatalf("the image %q is an option", r.Image)
		}
		written, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := state.ParseRelease(directory, written)
		if err != nil || again.Spec.Digest() != r.Spec.Digest() || again.Tree != r.Tree || again.Image != r.Image {
			t.Fatalf("%+v was %+v, %v", again, r, err)
		}
	})
}

// FuzzParseFolders checks that every line stands for a folder, also one that cannot be read.
func FuzzParseFolders(f *testing.F) {
	f.Add("1000\ndrwxrwxrwx 2 0 0 4096 Jan  1 00:00 /srv\nlrwxrwxrwx 1 1001 1001 5 Jan  1 00:00 /srv/web -> /tmp/x\n")
	f.Add("1000\n\x1b[31m\n- - - - - - - - -\n")
	f.Fuzz(func(t *testing.T, text string) {
		folders, err := state.ParseFolders(text)
		if err == nil && len(folders) == 0 && strings.TrimSpace(text) != "" {
			t.Fatalf("%q is read as no folder", text)
		}
		for _, folder := range folders {
			harmless(t, folder.Path, folder.Mode)
			if folder.Mode == "" {
				t.Fatalf("%+v", folder)
			}
			harmless(t, folder.Failure("cloud", "kevin", 1000).Error())
		}
	})
}

// FuzzLockAnswer checks that a session which takes the lock says so in its first line, however the answer is cut.
func FuzzLockAnswer(f *testing.F) {
	f.Add("locked 7\n", 3)
	f.Add("noise\nlocked 7\n", 6)
	f.Add("locked -7\nlocked 8\n", 9)
	f.Fuzz(func(t *testing.T, text string, at int) {
		whole, kept := state.ReadAnswer(text)
		at = max(0, min(at, len(text)))
		cut, keptCut := state.ReadAnswer(text[:at], text[at:])
		if !reflect.DeepEqual(whole, cut) || kept != keptCut || len(kept) > 64<<10 {
			t.Fatalf("%v in one piece, %v in two of %q", whole, cut, text)
		}
		if len(whole) > 0 && (whole[0] < 0 || !strings.HasPrefix(text, "locked ")) {
			t.Fatalf("%q has the turn %d", text, whole[0])
		}
	})
}
