package diagnose_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
)

// dressed are ways in which the same output arrives: through other tools, with other decorations.
var dressed = map[string]func(string) string{
	"colours": func(line string) string { return "\x1b[0;91m" + line + "\x1b[0m" },
	"lost escape": func(line string) string {
		return "[91m" + line + "[0m"
	},
	"compose":   func(line string) string { return "web-1  | " + line },
	"time":      func(line string) string { return "2025-02-03T04:05:06.789012345Z " + line },
	"crlf":      func(line string) string { return line + "\r" },
	"progress":  func(line string) string { return " 10%\r 50%\r100%\r" + line },
	"bad bytes": func(line string) string { return "\xff\xfe" + line },
	"window title": func(line string) string {
		return "\x1b]0;title\x07" + line
	},
}

func TestDecorationDoesNotHideAFailure(t *testing.T) {
	for how, dress := range dressed {
		t.Run(how, func(t *testing.T) {
			for _, s := range corpus(t) {
				lines := strings.Split(strings.TrimSuffix(s.output, "\n"), "\n")
				for i := range lines {
					lines[i] = dress(lines[i])
				}
				s.output = strings.Join(lines, "\n")
				got := names(diagnose.Text(s.output, "", language.English))
				switch {
				case s.healthy() && len(got) > 0:
					t.Errorf("%s/%s: healthy output, but %v", s.place, s.name, got)
				case !s.healthy() && (len(got) == 0 || got[0] != s.expect):
					t.Errorf("%s/%s: %v, want %s", s.place, s.name, got, s.expect)
				}
			}
		})
	}
}

func names(findings []provision.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, name(f))
	}
	return out
}

// TestOtherNamesAreTheSameFailure changes what varies from host to host: names, versions, numbers.
func TestOtherNamesAreTheSameFailure(t *testing.T) {
	swap := strings.NewReplacer("myweb", "shop", "kevinhuo", "example", "kevin@", "deploy@", "flask", "django", "203.0.113.10", "198.51.100.23",
		"bookworm", "trixie", "127.0.0.9", "192.0.2.9", "nginx/1.14.1", "nginx/1.27.0", "python3.13", "python3.9")
	for _, s := range corpus(t) {
		got := names(diagnose.Text(swap.Replace(s.output), "", language.English))
		if s.healthy() && len(got) > 0 || !s.healthy() && (len(got) == 0 || got[0] != s.expect) {
			t.Errorf("%s/%s: %v, want %s", s.place, s.name, got, s.expect)
		}
	}
}

// TestRandomDamageIsSurvived cuts and garbles outputs: whatever is found must be whole, quoted from the input and clean.
func TestRandomDamageIsSurvived(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, s := range corpus(t) {
		data := []byte(s.output)
		for range 1 + len(data)/40 {
			if len(data) == 0 {
				break
			}
			data[random.IntN(len(data))] = byte(random.IntN(256))
		}
		whole(t, string(data), diagnose.Text(string(data), "", language.English))
	}
}

func whole(t *testing.T, input string, findings []provision.Finding) {
	t.Helper()
	for _, f := range findings {
		if f.Cause == "" || f.Fix == "" || f.Severity == "" {
			t.Fatalf("not complete: %+v of %q", f, input)
		}
		if strings.ContainsAny(f.Evidence+f.Cause+f.Fix, "\x1b\x07\r\x00") || strings.ToValidUTF8(f.Evidence, "") != f.Evidence {
			t.Fatalf("control characters in %+v", f)
		}
		if len(f.Evidence) > 4000 || len(f.Cause) > 12000 {
			t.Fatalf("%s is not bounded: %d bytes of evidence, %d of cause", f.Code, len(f.Evidence), len(f.Cause))
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range corpus(f) {
		if len(s.output) < 2000 {
			f.Add(s.output)
		}
	}
	f.Add("\x1b[")
	f.Add("[")
	f.Add("#1 ")
	f.Add(strings.Repeat("a: ", 4000) + "permission denied")
	f.Fuzz(func(t *testing.T, output string) {
		whole(t, output, diagnose.Text(output, "", language.English))
	})
}

func TestKnownFailureIsNeverEmpty(t *testing.T) {
	for _, output := range []string{"", "\n\n", "all is well"} {
		got := diagnose.Failed(output, diagnose.Place{Where: diagnose.Build}, language.English)
		if len(got) != 1 || got[0].Severity != provision.SeverityUnknown {
			t.Errorf("Failed(%q) = %+v, want one unknown finding", output, got)
		}
		if got := diagnose.Text(output, diagnose.Build, language.English); got != nil {
			t.Errorf("Text(%q) = %+v, want none", output, got)
		}
	}
}

func TestEvidenceIsTheVeryLine(t *testing.T) {
	line := "E: Unable to locate package nginxx"
	got := diagnose.Text("#5 0.1 Reading package lists...\n#5 0.2 \x1b[91m"+line+"\x1b[0m\n", "", language.English)
	if len(got) != 1 || got[0].Evidence != "#5 0.2 "+line {
		t.Fatalf("%+v, want the evidence %q", got, line)
	}
	if !strings.Contains(got[0].Cause, "nginxx") || !strings.Contains(got[0].Fix, "nginxx") {
		t.Errorf("the package is not named: %+v", got[0])
	}
}

func TestSuccessAfterwardsCounts(t *testing.T) {
	trouble := "E: Unable to locate package nginxx\n"
	if got := diagnose.Text(trouble+"Successfully built 0123456789ab\n", "", language.English); len(got) != 0 {
		t.Errorf("the build went on, but %+v", got)
	}
	if got := diagnose.Text("Successfully built 0123456789ab\n"+trouble, "", language.English); len(got) != 1 {
		t.Errorf("%+v, want one finding", got)
	}
}

// slowly gives an endless kind of output without holding it.
type repeated struct {
	line []byte
	left int
	rest []byte
}

func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left <= 0 {
			return 0, io.EOF
		}
		r.rest = r.line
		r.left -= len(r.line)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestLongOutputIsReadAsAStream(t *testing.T) {
	const size = 8 << 20
	block := strings.Repeat("#9 12.3 [ 45%] Building CXX object src/CMakeFiles/core.dir/error_handling.cpp.o\n", 500) +
		"#9 13.0 src/a.cpp:10:2: warning: unused variable 'failed' [-Wunused-variable]\n"
	in := io.MultiReader(&repeated{line: []byte(block), left: size}, strings.NewReader("#9 99.1 E: Unable to locate package frob\n"))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	got, err := diagnose.Read(in, diagnose.Place{Where: diagnose.Build}, language.English)
	if err != nil || len(got) != 1 || got[0].Code != "build.apt-no-package" {
		t.Fatalf("%+v, %v", got, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	t.Logf("%d MiB in %v", size>>20, time.Since(start))
}

func TestOneEndlessLine(t *testing.T) {
	in := io.MultiReader(&repeated{line: []byte("{\"a\":\"bbbbbbbbbbbbbbbb\"},"), left: 4 << 20}, strings.NewReader(`"msg":"bind: no space left on device"`))
	got, err := diagnose.Read(in, diagnose.Place{}, language.English)
	if err != nil || len(got) != 1 || !strings.HasSuffix(got[0].Code, "disk-full") || len(got[0].Evidence) > 1000 {
		t.Fatalf("%+v, %v", got, err)
	}
}

func BenchmarkRead(b *testing.B) {
	block := strings.Repeat("#9 12.3 [ 45%] Building CXX object src/CMakeFiles/core.dir/error_handling.cpp.o\n", 500) +
		"#9 13.0 src/a.cpp:10:2: warning: unused variable 'failed' [-Wunused-variable]\n"
	const size = 16 << 20
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := diagnose.Read(&repeated{line: []byte(block), left: size}, diagnose.Place{}, language.English); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleText() {
	output := "Step 2/3 : RUN apt-get install -y nginxx\nE: Unable to locate package nginxx\n" +
		"The command '/bin/sh -c apt-get install -y nginxx' returned a non-zero code: 100\n"
	for _, f := range diagnose.Text(output, diagnose.Build, language.English) {
		fmt.Println(f.Code, "|", f.Evidence)
	}
	// Output: build.apt-no-package | E: Unable to locate package nginxx
}
