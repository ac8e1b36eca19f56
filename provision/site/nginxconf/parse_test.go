package nginxconf

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// shape writes directives back in one line each way nginx would read them.
func shape(list []*Directive) string {
	var parts []string
	for _, d := range list {
		text := strings.Join(append([]string{d.Name}, d.Values()...), "|")
		if d.HasBody {
			text += "{" + shape(d.Block) + "}"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ";")
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"# only a comment":               "",
		"listen 443 ssl;":                "listen|443|ssl",
		"listen\r\n  443\r\n  ssl ;\r\n": "listen|443|ssl",
		"server{listen 80;}":             "server{listen|80}",
		"server { }":                     "server{}",
		"a 'b c' \"d;e\" f\\ g;":         "a|b c|d;e|f g",
		"rewrite ^(.*) https://$host$1 permanent;": "rewrite|^(.*)|https://$host$1|permanent",
		"return 301 https://${host}/a;":            "return|301|https://${host}/a",
		"location ~ \\.php$ { a; }":                "location|~|\\.php${a}",
		"a b#c; # d\ne;":                           "a|b#c;e",
		"if ($scheme = http) { return 301 x; }":    "if|($scheme|=|http){return|301|x}",
		"content_by_lua_block { if {} then ; } b;": "content_by_lua_block{};b",
		"server_name 例子.中国; # 说明":                  "server_name|例子.中国",
		"log_format main 'a' \"b\"\n  'c';":        "log_format|main|a|b|c",
	} {
		file, err := Parse("", text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := shape(file.Directives); got != want {
			t.Errorf("%q reads as %s, want %s", text, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	text := "# one\nserver {\n  listen 80; # two\n}\n"
	file, err := Parse("", text)
	if err != nil {
		t.Fatal(err)
	}
	server := file.Directives[0]
	listen := server.Block[0]
	if server.Line != 2 || server.EndLine != 4 || text[server.Start:server.Open] != "server {" || text[server.End-1] != '}' {
		t.Errorf("server is %+v", server)
	}
	if listen.Line != 3 || text[listen.Start:listen.End] != "listen 80;" {
		t.Errorf("listen is %+v", listen)
	}
	want := []Comment{{" one", 1, 0, 5}, {" two", 3, 28, 33}}
	if !reflect.DeepEqual(file.Comments, want) {
		t.Errorf("comments are %+v, want %+v", file.Comments, want)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]struct {
		line    int
		problem Problem
		after   string
	}{
		"server {\n  rewrite a https://$host\n}": {3, Unexpected, "rewrite"},
		"; server {\n}":                          {1, Unexpected, ""},
		"a;\n}\nb;":                              {2, Unexpected, ""},
		"{}":                                     {1, Unexpected, ""},
		"server {\n a;\n":                        {3, EndOfFile, ""},
		"a b":                                    {1, EndOfFile, "a"},
		"a 'b\n;":                                {1, OpenQuote, ""},
		"a 'b'c;":                                {1, AfterQuote, ""},
		"x_by_lua_block {":                       {1, EndOfFile, ""},
		strings.Repeat("a{", 200):                {1, TooDeep, ""},
	} {
		_, err := Parse("", text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v, want a syntax error", text, err)
			continue
		}
		after := ""
		if syntax.Unfinished != nil {
			after = syntax.Unfinished.Name
		}
		if syntax.Line != want.line || syntax.Problem != want.problem || after != want.after {
			t.Errorf("%q: line %d, problem %d after %q, want %+v", text, syntax.Line, syntax.Problem, after, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("server { listen 443 ssl; # c\n location / { return 301 https://${host}; } }")
	f.Add("a 'b\\'c' \"d\";}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("", text)
		if err != nil {
			return
		}
		var check func([]*Directive, int, int)
		check = func(list []*Directive, low, high int) {
			for _, d := range list {
				if d.Start < low || d.End > high || d.Start >= d.End || d.Line > d.EndLine {
					t.Fatalf("%+v lies outside of [%d, %d]", d, low, high)
				}
				low = d.End
				check(d.Block, d.Open, d.End)
			}
		}
		check(file.Directives, 0, len(text))
	})
}
