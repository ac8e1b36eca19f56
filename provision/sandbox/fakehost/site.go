package fakehost

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Pair is the certificate and the key that a site has.
type Pair = tls.Certificate

// LoadPair reads the tutorial's pair from a site's folder.
func LoadPair(folder string) (Pair, error) {
	file := filepath.Join(folder, "ssl_files", "kevinhuo_cool")
	return tls.LoadX509KeyPair(file+".pem", file+".key")
}

// site is how the container of an image answers.
type site struct {
	pair    Pair
	page    string
	failing bool   // with an error of its own
	shy     bool   // it fails like that where it has the host's ports
	exits   int    // at once, with this status; 0: it does not
	emerg   string // what its nginx objects to
}

var (
	exitLine  = regexp.MustCompile(`(?m)^exit (\d+)$`)
	emergLine = regexp.MustCompile(`(?m)^\s*(nonsense.*);`)
)

// built is the site that the files of a folder make: start.sh may "exit N", the application may "raise" or
// "raise_in_public", and nginx knows no "nonsense".
func (e *Engine) built(folder string) (site, error) {
	pair, err := LoadPair(folder)
	s := site{pair: pair}
	for name, read := range map[string]func(text string){
		"app/templates/index.html": func(text string) { s.page = text },
		"app/__init__.py": func(text string) {
			s.failing, s.shy = strings.Contains(text, "raise\n"), strings.Contains(text, "raise_in_public")
		},
		"start.sh": func(text string) {
			if found := exitLine.FindStringSubmatch(text); found != nil {
				s.exits, _ = strconv.Atoi(found[1])
			}
		},
		"resource/default.conf": func(text string) {
			if found := emergLine.FindStringSubmatch(text); found != nil {
				s.emerg = found[1]
			}
		},
	} {
		if text, readErr := os.ReadFile(filepath.Join(folder, name)); readErr == nil {
			read(string(text))
		}
	}
	return s, err
}

// serve answers one request as the tutorial's site does: its page over TLS, and a redirect without.
func (s site) serve(conn net.Conn, secure bool) {
	if secure {
		server := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{s.pair}})
		defer func() { _ = server.Close() }()
		conn = server
	}
	asked, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	answer := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Server": {"nginx/1.14.1"}},
		ContentLength: int64(len(s.page)), Body: io.NopCloser(strings.NewReader(s.page)), Close: true}
	switch {
	case !secure:
		answer.StatusCode = http.StatusMovedPermanently
		answer.Header.Set("Location", "https://"+asked.Host+asked.URL.Path)
	case s.failing:
		answer.StatusCode = http.StatusInternalServerError
	}
	_ = answer.Write(conn)
}
