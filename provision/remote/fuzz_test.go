package remote

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/safetext"
)

// FuzzStartMarker checks that what stands before a command's announcement never gets into its output, however it is cut.
func FuzzStartMarker(f *testing.F) {
	f.Add("motd\r\n", "hello", 5)
	f.Add("\x01NONCE 1\x01NONCE x", "\x01NONCE 7\n", 30)
	f.Add("\x01NONCE 99999999999999999999", "", 1)
	f.Fuzz(func(t *testing.T, noise, output string, at int) {
		if strings.Contains(noise, "NONCE") { // with a line end behind it, that would be the announcement
			noise = strings.ReplaceAll(noise, "\n", " ")
		}
		text := noise + "\x01NONCE 123\n" + output
		var out bytes.Buffer
		m := newStartMarker("NONCE", &out)
		at = max(0, min(at, len(text)))
		for _, piece := range []string{text[:at], text[at:]} {
			if n, err := m.Write([]byte(piece)); n != len(piece) || err != nil {
				t.Fatalf("wrote %d of %d bytes, %v", n, len(piece), err)
			}
		}
		if !m.seen() || out.String() != output || len(m.noise()) > noiseLimit {
			t.Fatalf("%q is passed on of %q", out.String(), text)
		}
	})
}

// FuzzFollower checks that a job's output is passed on and its end told, whatever stands between on standard error.
func FuzzFollower(f *testing.F) {
	f.Add("line one\nline two", "\x01NONCE attached\n\x01NONCE ended 17 5\n", 20)
	f.Add("", "noise \x01NONCE ended -1 x\n", 3)
	f.Add("\x1b[31mred\x1b[0m\r\n", strings.Repeat("x", 5000)+"\x01NONCE gone 0\n", 4096)
	f.Add("", "\x01NONCE ended 9223372036854775808 1 2\n\x01NONCE absent\n", 0)
	f.Fuzz(func(t *testing.T, output, control string, at int) {
		at = max(0, min(at, len(control)))
		var shown []string
		var ends []jobEnd
		for _, pieces := range [][]string{{control}, {control[:at], control[at:]}} {
			shown = nil
			follow := newFollower("NONCE", safetext.EachLine(func(line string) { shown = append(shown, line) }))
			_, _ = (*followedOutput)(follow).Write([]byte(output)) // lines take everything
			for _, piece := range pieces {
				if n, err := (*followedControl)(follow).Write([]byte(piece)); n != len(piece) || err != nil {
					t.Fatalf("took %d bytes of %d, %v", n, len(piece), err)
				}
			}
			follow.flush()
			if follow.offset() != int64(len(output)) {
				t.Fatalf("%d bytes are read of %d", follow.offset(), len(output))
			}
			end, _ := follow.end()
			ends = append(ends, end)
		}
		if ends[0] != ends[1] && len(control) <= controlLimit {
			t.Fatalf("%+v in one piece, %+v in two", ends[0], ends[1])
		}
		for _, line := range shown {
			if line != safetext.Clean(line) {
				t.Fatalf("the line %q", line)
			}
		}
	})
}

// FuzzJobList checks that a list of jobs names what could be one.
func FuzzJobList(f *testing.F) {
	f.Add("build-1 running\nb ended 0\nc gone\nd ended x\n")
	f.Add("../x running\n\x1b[31m ended 1\n- ended -1\n")
	f.Fuzz(func(t *testing.T, out string) {
		for _, job := range parseJobs(out) {
			if err := (Job{StateDir: "/x", ID: job.ID}).check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzReadSudo checks that every complaint of sudo has a sentence.
func FuzzReadSudo(f *testing.F) {
	f.Add("sudo: a password is required\n")
	f.Add("kevin is not in the sudoers file.\x1b[31m")
	f.Fuzz(func(t *testing.T, said string) {
		if text := sudoFailure("cloud", "kevin", readSudo(said), said).Error(); text != safetext.Clean(text) || len(text) > 2000 {
			t.Fatalf("the failure %q", text)
		}
	})
}
