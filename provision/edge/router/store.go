//go:build linux

package router

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
)

// What is accepted of the program, and of the file.
const (
	routesLimit   = 4 << 20 // bytes
	requestLimit  = 256 << 10
	mostSites     = 1_000
	mostDomains   = 200 // of a site
	mostBackends  = 32
	mostChallenge = 1_000
	tokenLimit    = 128
	answerLimit   = 1 << 10
	longestAnswer = 7 * 24 * 3600 // seconds
	longestDrain  = 24 * 3600_000 // ms
)

// Routes is what routers keep in the folder that they share.
type Routes struct {
	Revision   int64                `json:"revision"`
	Sites      []route.Site         `json:"sites"`
	Challenges map[string]Challenge `json:"challenges,omitempty"` // by token
}

// Challenge is an answer to a CA, until a time in seconds since 1970.
type Challenge struct {
	Answer string `json:"answer"`
	Until  int64  `json:"until"`
}

// store is the routes' file. Its lock is held from reading it to the end of a change.
type store struct{ folder string }

func (s store) file() string { return s.folder + "/routes.json" }

// lock waits for the other routers.
func (s store) lock() (unlock func(), err error) {
	file, err := os.OpenFile(s.folder+"/routes.lock", os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockTime); ; time.Sleep(10 * time.Millisecond) {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || time.Now().After(end) {
			break
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}

// brokenError is a file that holds no routes.
type brokenError struct{ why string }

func (b brokenError) Error() string { return b.why }

// read is what the file says; no file means no routes.
func (s store) read() (Routes, error) {
	file, err := os.OpenFile(s.file(), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return Routes{}, nil
	}
	if err != nil {
		return Routes{}, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, routesLimit+1))
	if err != nil {
		return Routes{}, err
	}
	return parse(text)
}

func parse(text []byte) (Routes, error) {
	if len(text) > routesLimit {
		return Routes{}, brokenError{"it is too long"}
	}
	var routes Routes
	if err := json.Unmarshal(text, &routes); err != nil {
		return Routes{}, brokenError{err.Error()}
	}
	if field := checkRoutes(routes); field != "" {
		return Routes{}, brokenError{field + " is wrong"}
	}
	return routes, nil
}

// load is read for a router that starts: a broken file is kept beside, under another name, and said.
func (s store) load(say func(string)) (Routes, error) {
	routes, err := s.read()
	if broken, ok := errors.AsType[brokenError](err); ok {
		say("the routes are lost: " + s.file() + " cannot be used (" + broken.why + "); it is kept as routes.json.broken")
		return Routes{}, os.Rename(s.file(), s.file()+".broken")
	}
	return routes, err
}

// write replaces the file, and returns when it would survive a power cut.
func (s store) write(routes Routes) error {
	text, err := json.MarshalIndent(routes, "", " ")
	if err != nil {
		return err
	}
	next := s.file() + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(next, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(next, s.file())
	}
	if err != nil {
		return err
	}
	folder, err := os.Open(s.folder)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// checkRoutes names the first field that is wrong.
func checkRoutes(routes Routes) string {
	if routes.Revision < 0 || len(routes.Sites) > mostSites || len(routes.Challenges) > mostChallenge {
		return "revision, sites or challenges"
	}
	owners, domains := map[route.Owner]bool{}, map[string]bool{}
	for i, s := range routes.Sites {
		if field := checkSite(s); field != "" {
			return "sites[" + strconv.Itoa(i) + "]." + field
		}
		if owners[s.Owner] {
			return "sites[" + strconv.Itoa(i) + "].name"
		}
		owners[s.Owner] = true
		for _, d := range s.Domains {
			if domains[d] {
				return "sites[" + strconv.Itoa(i) + "].domains"
			}
			domains[d] = true
		}
	}
	for token, c := range routes.Challenges {
		if !isChallengeToken(token) || !isAnswer(c.Answer) {
			return "challenges"
		}
	}
	return ""
}

func checkOwner(o route.Owner) string {
	if !isPlain(o.Name, 128) {
		return "name"
	}
	if !isPlain(o.Directory, 4096) {
		return "directory"
	}
	return ""
}

func checkSite(s route.Site) string {
	if field := checkOwner(s.Owner); field != "" {
		return field
	}
	if len(s.Domains) == 0 || len(s.Domains) > mostDomains {
		return "domains"
	}
	seen := map[string]bool{}
	for i, d := range s.Domains {
		if !isDomain(d) || seen[d] {
			return "domains[" + strconv.Itoa(i) + "]"
		}
		seen[d] = true
	}
	if len(s.Backends) == 0 || len(s.Backends) > mostBackends {
		return "backends"
	}
	for i, b := range s.Backends {
		if !isContainer(b.Container) || seen[b.Container] {
			return "backends[" + strconv.Itoa(i) + "].container"
		}
		seen[b.Container] = true
	}
	switch {
	case s.HTTP < 0 || s.HTTP > 65535:
		return "http"
	case s.HTTPS < 0 || s.HTTPS > 65535 || s.HTTP == 0 && s.HTTPS == 0:
		return "https"
	case s.DrainMS < 0 || s.DrainMS > longestDrain:
		return "drain_ms"
	}
	return ""
}

func checkChallenge(c route.Challenge) string {
	switch {
	case !isChallengeToken(c.Token):
		return "token"
	case c.Seconds < 0 || c.Seconds > longestAnswer:
		return "seconds"
	case c.Seconds > 0 && !isAnswer(c.Answer):
		return "answer"
	}
	return ""
}

func isPlain(text string, most int) bool {
	return text != "" && len(text) <= most && strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) < 0
}

// isAnswer: a key authorization is printable ASCII.
func isAnswer(text string) bool {
	return isPlain(text, answerLimit) && strings.IndexFunc(text, func(r rune) bool { return r > '~' }) < 0
}

func isContainer(id string) bool { return len(id) == 12 && strings.Trim(id, "0123456789abcdef") == "" }

// isDomain: lower case, as it stands in a certificate; a star may stand for the whole first label. An address is none.
func isDomain(name string) bool {
	if len(name) > 253 || net.ParseIP(name) != nil {
		return false
	}
	if rest, ok := strings.CutPrefix(name, "*."); ok {
		name = rest
		if !strings.Contains(name, ".") {
			return false
		}
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}
