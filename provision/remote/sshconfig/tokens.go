package sshconfig

import (
	"crypto/sha1"
	"encoding/hex"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
)

// tokens are the percent tokens of ssh_config(5) and what they stand for.
type tokens map[byte]string

func (s *Settings) tokens(home string) (tokens, error) {
	local, err := user.Current()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	short, _, _ := strings.Cut(host, ".")
	port := strconv.Itoa(s.Port)
	key := s.HostKeyAlias
	if key == "" {
		key = s.Alias
	}
	sum := sha1.Sum([]byte(host + s.Hostname + port + s.User + s.ProxyJump))
	return tokens{
		'%': "%", 'C': hex.EncodeToString(sum[:]), 'd': home, 'h': s.Hostname, 'i': local.Uid, 'k': key, 'L': short,
		'l': host, 'n': s.Alias, 'p': port, 'r': s.User, 'u': local.Username, 'j': s.ProxyJump,
	}, nil
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

// path expands tokens, environment variables in braces, and a leading tilde.
func (t tokens) path(text, home string) (string, error) {
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
	return tilde(expanded, home), nil
}

// tilde puts the home directory in the place of a leading tilde.
func tilde(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(home, rest)
	}
	return path
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

func (t tokens) paths(texts []string, home string) ([]string, error) {
	var all []string
	for _, text := range texts {
		if strings.EqualFold(text, "none") {
			continue
		}
		path, err := t.path(text, home)
		if err != nil {
			return nil, err
		}
		all = append(all, path)
	}
	return all, nil
}
