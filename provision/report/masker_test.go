package report_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/report"
)

func masker(values ...string) *report.Masker {
	var secrets []provision.Secret
	for _, v := range values {
		secrets = append(secrets, provision.NewSecret(v))
	}
	return report.NewMasker(secrets)
}

// encodings are ways in which a program may print a value.
func encodings(value string) map[string]string {
	asJSON, _ := json.Marshal(value)
	twice, _ := json.Marshal(string(asJSON))
	all := map[string]string{
		"as it is":    value,
		"JSON":        string(asJSON),
		"JSON twice":  string(twice),
		"%q":          fmt.Sprintf("%q", value),
		"%+q":         fmt.Sprintf("%+q", value),
		"HTML":        html.EscapeString(value),
		"query":       url.QueryEscape(value),
		"path":        url.PathEscape(value),
		"user of URL": url.UserPassword("kevin", value).String(),
		"hex":         hex.EncodeToString([]byte(value)),
		"HEX":         fmt.Sprintf("%X", value),
		"shell":       "'" + strings.ReplaceAll(value, "'", `'\''`) + "'",
	}
	for _, before := range []string{"", "user:", "kevin:", "admin1:"} {
		all["Base64 of "+before] = base64.StdEncoding.EncodeToString([]byte(before + value))
		all["Base64 for URLs of "+before] = base64.RawURLEncoding.EncodeToString([]byte(before + value + "\n"))
	}
	return all
}

func TestSecretIsMaskedInEveryForm(t *testing.T) {
	for _, value := range []string{"hunter2-äß&x", "pa'ss \"w<o>rd/+=", `back\slash$1`, "abcdef", "密码密码密码", "postgres://u:p@db/x?a=b"} {
		m := masker(value)
		for how, text := range encodings(value) {
			got := m.Line("before " + text + " after")
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "[secret]") {
				t.Errorf("%q as %s: %q is %q", value, how, text, got)
			}
			if left := strings.TrimSuffix(strings.TrimPrefix(got, "before "), " after"); len(left) > len("[secret]")+12 {
				t.Errorf("%q as %s: too much of %q is left: %q", value, how, text, got)
			}
		}
	}
}

func TestMaskerLine(t *testing.T) {
	long := strings.Repeat("0123456789abcdefghij", 8)
	key := "-----BEGIN KEY-----\nMIIEowIBAAKCAQEAx1q83bqwyrt6\nPLeMbQ3e0yT7dR5c8gKq2nVs\n-----END KEY-----"
	m := masker("hunter2hunter2", long, key, " \"in quotes\" ", "s3", "true", "production", "80", "", "$ecret")
	for _, test := range []struct{ name, in, want string }{
		{"nothing", "Step 1/9 : FROM nginx\n", "Step 1/9 : FROM nginx\n"},
		{"twice", "a hunter2hunter2 b hunter2hunter2", "a [secret] b [secret]"},
		{"alone", "hunter2hunter2", "[secret]"},
		{"within a word", "xhunter2hunter2x", "x[secret]x"},
		{"overlapping", "hunter2hunter2hunter2", "[secret]hunter2"},
		{"without its quotes", "in quotes", "[secret]"},
		{"short or common", "s3 true production 80", "s3 true production 80"},
		{"other text of the kind", "hunter2hunter3 $ecre", "hunter2hunter3 $ecre"},
		{"wrapped", "a hunter2\n    hunter2 b\n", "a [secret] b\n"},
		{"wrapped by CRLF", "hunt\r\ner2hunter2\r\n", "[secret]\r\n"},
		{"split by colours", "a hunter\x1b[31m2\x1b[0mhunter2 b", "a [secret] b"},
		{"split by a title", "hunter2\x1b]0;title\x07hunter2.", "[secret]."},
		{"split by nothing to see", "hunter2\x00hunter2.", "[secret]."},
		{"colours around", "\x1b[31mhunter2hunter2\x1b[0m", "\x1b[31m[secret]\x1b[0m"},
		{"other colours stay", "\x1b[31ma\x1b[0m b\n c", "\x1b[31ma\x1b[0m b\n c"},
		{"a line of a key", "  #7 0.1 PLeMbQ3e0yT7dR5c8gKq2nVs", "  #7 0.1 [secret]"},
		{"a piece of Base64, its end cut off", "x " + base64.StdEncoding.EncodeToString([]byte(long))[20:64], "x [secret]"},
		{"a piece of hex, its beginning cut off", hex.EncodeToString([]byte(long))[33:] + " x", "[secret] x"},
		{"header", "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("kevin:hunter2hunter2")) + ";", "Authorization: Basic a2V2aW46[secret];"},
	} {
		if got := m.Line(test.in); got != test.want {
			t.Errorf("%s: %q is %q, want %q", test.name, test.in, got, test.want)
		}
	}
	var none *report.Masker
	if got := none.Line("hunter2hunter2"); got != "hunter2hunter2" {
		t.Errorf("without secrets: %q", got)
	}
}

func TestMaskerServesSeveralReaders(t *testing.T) {
	m := masker("hunter2hunter2")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 100 {
				if got, want := m.Line(strconv.Itoa(i*n)+" hunter2hunter2"), strconv.Itoa(i*n)+" [secret]"; got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzMaskerLine(f *testing.F) {
	f.Add("hunter2hunter2", "a hunter2\n hunter2")
	f.Add("pässwörd & co", "\x1b[31m")
	f.Add("密码密码", "#1 \xff\xfe\u009b1m")
	f.Fuzz(func(t *testing.T, value, text string) {
		value, text = value[:min(len(value), 256)], text[:min(len(text), 4096)]
		m := masker(value)
		got := m.Line(text)
		bare := strings.TrimSpace(value)
		if masked := m.Line(bare) != bare; masked && strings.Contains(got, bare) && !strings.Contains("[secret]", bare) && !strings.Contains(bare, "[secret]") {
			t.Errorf("%q is left of %q in %q", bare, text, got)
		}
		if utf8.ValidString(text) && utf8.ValidString(value) && !utf8.ValidString(got) {
			t.Errorf("%q cuts characters of %q", got, text)
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add("user@host 203.0.113.10 -----BEGIN X-----\nabc password=x", "host", "x1y2z3")
	f.Fuzz(func(t *testing.T, text, name, secret string) {
		report.Mask{Hosts: []string{name}, Users: []string{name}, Secrets: []provision.Secret{provision.NewSecret(secret)}}.Text(text)
	})
}

// A build prints a hundred megabytes: masking them must take no time that is noticed.
func BenchmarkMaskerLine(b *testing.B) {
	var values []string
	for i := range 20 {
		values = append(values, fmt.Sprintf("postgres://user%d:p4ssw0rd-%d@db.internal:5432/app", i, i*7919))
	}
	m := masker(values...)
	batches := map[string]string{
		"lines":   strings.Repeat("#9 12.3 [ 45%] Building CXX object src/CMakeFiles/core.dir/error_handling.cpp.o\n", 50),
		"colours": strings.Repeat("\x1b[32m[ 45%] Building CXX object\x1b[0m src/CMakeFiles/core.dir/error_handling.cpp.o\n", 50),
		"Chinese": strings.Repeat("#9 12.3 正在构建 src/CMakeFiles/core.dir/error_handling.cpp.o\n", 50),
	}
	for name, text := range batches {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Line(text)
			}
		})
	}
}
