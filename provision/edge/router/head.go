//go:build linux

package router

import (
	"bytes"
	"strings"
)

const challengePath = "/.well-known/acme-challenge/"

// httpHead is what a router reads of the first request of a connection.
type httpHead struct {
	host  string // in lower case, without the port; empty where the request names none
	token string // of the challenge that is asked for; empty for any other path
}

// readHead reads as much of a request's head as it takes to know its host: the rest of it may be longer than a router would hold.
func readHead(seen []byte) (head httpHead, how progress) {
	line, rest, whole := cutLine(seen)
	for whole && len(line) == 0 { // a client may send an empty line first (RFC 9112, section 2.2)
		line, rest, whole = cutLine(rest)
	}
	method, target, version := requestLine(line)
	switch {
	case !isToken(method) || len(method) > 32:
		return head, malformed
	case !whole:
		return head, incomplete
	case !strings.HasPrefix(version, "HTTP/"):
		return head, malformed
	}
	path := target
	if scheme, after, absolute := strings.Cut(target, "://"); absolute && strings.EqualFold(scheme, "http") {
		authority, _, _ := strings.Cut(after, "/")
		head.host, path = hostName(authority), after[len(authority):]
	}
	head.token, _ = challengeToken(method, path)
	if head.host != "" {
		return head, complete
	}
	for {
		line, rest, whole = cutLine(rest)
		switch {
		case !whole:
			return head, incomplete
		case len(line) == 0:
			return head, complete
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(name), "host") {
			head.host = hostName(string(bytes.TrimSpace(value)))
			return head, complete
		}
	}
}

// cutLine takes a line off; whole where its end was seen.
func cutLine(seen []byte) (line, rest []byte, whole bool) {
	line, rest, whole = bytes.Cut(seen, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest, whole
}

func requestLine(line []byte) (method, target, version string) {
	method, rest, _ := strings.Cut(string(line), " ")
	if end := strings.LastIndexByte(rest, ' '); end >= 0 {
		return method, rest[:end], rest[end+1:]
	}
	return method, rest, ""
}

// isToken reports whether a text could be the beginning of a method.
func isToken(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// challengeToken is the token in a path, if a challenge is asked for.
func challengeToken(method, path string) (string, bool) {
	token, ok := strings.CutPrefix(path, challengePath)
	if !ok || method != "GET" && method != "HEAD" || !isChallengeToken(token) {
		return "", false
	}
	return token, true
}

func isChallengeToken(token string) bool {
	for _, c := range []byte(token) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return token != "" && len(token) <= tokenLimit
}

// hostName is the name in an authority.
func hostName(authority string) string {
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if colon := strings.LastIndexByte(authority, ':'); colon >= 0 {
		authority = authority[:colon]
	}
	return strings.ToLower(strings.TrimSuffix(authority, "."))
}
