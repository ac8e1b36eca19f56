package sshconfig

import (
	"crypto/sha1"
	"encoding/hex"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
)

// tokens are the percent tokens of ssh_config(5) and what they stand for.
type tokens map[byte]string

func (s *Settings) tokens(local account) tokens {
	host, _ := os.Hostname()
	short, _, _ := strings.Cut(host, ".")
	port := strconv.Itoa(s.Port)
	key := s.HostKeyAlias
	if key == "" {
		key = s.Alias
	}
	sum := sha1.Sum([]byte(host + s.Hostname + port + s.User + s.ProxyJump))
	return tokens{
		'%': "%", 'C': hex.EncodeToString(sum[:]), 'd': local.home(), 'h': s.Hostname, 'i': local.uid, 'k': key, 'L': short,
		'l': host, 'n': s.Alias, 'p': port, 'r': s.User, 'u': local.name, 'j': s.ProxyJump,
	}
}

// expandOnly puts the values in place of the tokens.
func expandOnly(text string, t tokens) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		i++
		if i == len(text) {
			return "", provision.Fail("sshconfig.percent-at-end", text)
		}
		if text[i] == '%' {
			b.WriteByte('%')
			continue
		}
		value, ok := t[text[i]]
		if !ok {
			return "", provision.Fail("sshconfig.unknown-token", "%"+text[i:i+1], text)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// path expands tokens and environment variables in braces.
func (t tokens) path(text string) (string, error) {
	expanded, err := expandOnly(text, t)
	if err != nil {
		return "", err
	}
	for {
		start := strings.Index(expanded, "${")
		if start < 0 {
			break
		}
		length := strings.IndexByte(expanded[start:], '}')
		if length < 0 {
			break
		}
		value, ok := os.LookupEnv(expanded[start+2 : start+length])
		if !ok {
			return "", provision.Fail("sshconfig.unset-variable", expanded[start:start+length+1])
		}
		expanded = expanded[:start] + value + expanded[start+length+1:]
	}
	return expanded, nil
}

// shell expands tokens in a command for the person's shell. Names of hosts and of users may have come from elsewhere, a file
// that somebody else wrote for example: one that the shell could take for more than a word, or a program for an option, is
// refused, because nobody knows how the command quotes it.
func (t tokens) shell(command string) (string, error) {
	safe := tokens{}
	for token, value := range t {
		if strings.IndexByte("hknrj", token) < 0 || isWord(value) {
			safe[token] = value
			continue
		}
		if strings.Contains(strings.ReplaceAll(command, "%%", ""), "%"+string(token)) {
			return "", provision.Fail("sshconfig.unsafe-name", command, value, "%"+string(token))
		}
	}
	return expandOnly(command, safe)
}

// isWord reports whether any shell and any program takes text as a word and nothing more. What is not ASCII has no meaning to
// a shell.
func isWord(text string) bool {
	return !strings.HasPrefix(text, "-") && !strings.ContainsFunc(text, func(r rune) bool {
		return r < 0x80 && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-:%@+,/", r))
	})
}

// paths expands each of texts.
func (t tokens) paths(texts []string, local account) ([]string, error) {
	var all []string
	for _, text := range texts {
		if strings.EqualFold(text, "none") {
			continue
		}
		path, err := t.path(text)
		if err != nil {
			return nil, err
		}
		all = append(all, local.tilde(path)...)
	}
	return all, nil
}

// hostFiles expands lists of known_hosts files.
func (t tokens) hostFiles(lists []string, local account, otherwise ...string) ([]string, error) {
	if len(lists) == 0 {
		return t.paths(otherwise, local)
	}
	var all []string
	for _, list := range lists {
		if strings.Contains(list, `"`) { // as it stands in the file
			paths, err := t.paths(splitQuoted(list), local)
			if err != nil {
				return nil, err
			}
			all = append(all, paths...)
			continue
		}
		paths, err := t.path(list)
		if err != nil {
			return nil, err
		}
		for _, path := range splitPaths(paths, func(path string) bool { return exists(local.tilde(path)...) }) {
			all = append(all, local.tilde(path)...)
		}
	}
	return all, nil
}

// splitPaths parts paths at blanks. ssh -G has lost the quotes around those with blanks of their own: what is there is taken
// whole, the longest first, and else a path begins where a word begins as absolute ones do.
func splitPaths(line string, present func(path string) bool) []string {
	var all []string
	for line = strings.TrimSpace(line); line != ""; {
		end, known := len(line), false
		for ; end > 0; end = strings.LastIndexAny(line[:end], " \t") {
			if known = present(strings.TrimSpace(line[:end])); known {
				break
			}
		}
		if !known {
			end = len(line)
			if begin := absolute.FindStringIndex(line); begin != nil {
				end = begin[0]
			}
		}
		all = append(all, strings.TrimSpace(line[:end]))
		line = strings.TrimSpace(line[end:])
	}
	return all
}

// absolute is where a path begins behind a blank.
var absolute = regexp.MustCompile(`[ \t]+(?:~|/|[A-Za-z]:\\)`)
