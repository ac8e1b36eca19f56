package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/language"
)

func TestCatalogueLoads(t *testing.T) {
	if _, err := load(files); err != nil {
		t.Fatal(err)
	}
}

// A cure is typed as it stands. It must not write over a file of the host, or remove what somebody may still want, such as
// the stopped containers that are the releases kept for rollback.
func TestNoCureDestroys(t *testing.T) {
	harm := regexp.MustCompile(`tee /etc|[^>]> ?/etc|(?:^|[;:：；&] ?)docker (?:\w+ )?prune|journalctl --vacuum|truncate -s|docker rm -f \{`)
	for _, e := range known().entries {
		for tag, fix := range e.Fix {
			if found := harm.FindString(fix); found != "" {
				t.Errorf("%s, %s: %q in %q", e.Code, tag, found, fix)
			}
		}
	}
}

// What is known takes its place in every cure, so that it can be pasted; nothing is left to be filled in by signs that only
// stand for a name.
func TestCuresNameWhatIsKnown(t *testing.T) {
	at := Place{
		Host: "203.0.113.10", Port: 2222, User: "kevin", Identity: "id", Image: "myweb_image:server", Container: "myweb_https",
		Domain: "kevinhuo.cool", Certificate: "tls/a.pem", Key: "tls/a.key",
	}
	placeholder := regexp.MustCompile(`<[A-Za-z_-]+>|YOUR|你的|(?i:\bxxx\b)|\b(?:CONTAINER|DOMAIN|REGISTRY|[A-Z]*HOST|IMAGE|PACKAGE|BASE:|URL|PORT|VERSION)\b|[ /]NAME(?:[^=]|$)`)
	for _, e := range known().entries {
		names := at.names(e.where)
		for _, name := range []string{"file", "image", "name", "package"} { // which the output of such a failure names
			names[name] = "known"
		}
		for tag, fix := range e.Fix {
			if found := placeholder.FindString(fill(fix, names)); found != "" {
				t.Errorf("%s, %s: %q in %q", e.Code, tag, found, fix)
			}
		}
	}
	if fix := Failed("nginx: [emerg] unexpected \"}\" in /etc/nginx/nginx.conf:3", at, language.English)[0].Fix; !strings.Contains(fix, "--network none myweb_image:server nginx -t") {
		t.Error(fix)
	}
}

// A failure of our own that an entry lists has words, under the code of an entry or its own.
func TestFailuresOfEntriesHaveWords(t *testing.T) {
	words := language.New(language.English)
	for _, e := range known().entries {
		for code := range e.Values {
			if own := strings.HasPrefix(code, "connect.") || strings.HasPrefix(code, "hostkey.") || code == e.Code; !own && !words.Has(code) {
				t.Errorf("%s lists %s, for which there are no words", e.Code, code)
			}
		}
	}
}

// Our own sentences are known by their codes. A pattern that fits one would have to change with every word of it.
func TestNoPatternFitsASentenceOfOurOwn(t *testing.T) {
	files, err := filepath.Glob("../language/*_*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			literal, ok := pair.Value.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			key, ok := pair.Key.(*ast.BasicLit)
			if !ok || strings.HasSuffix(key.Value, `.cause"`) || strings.HasSuffix(key.Value, `.fix"`) {
				return true // of findings, which nobody reads again
			}
			sentence, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			s := newScan(known())
			s.text(sentence)
			for _, f := range s.findings(Place{}, language.English, false) {
				if f.Code != failedCode {
					t.Errorf("%s fits %s: %s", f.Code, filepath.Base(name), sentence)
				}
			}
			return true
		})
	}
}
