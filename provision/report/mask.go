package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/kehuo/provision/provision"
)

// Mask hides, in a text that leaves the person's machine, what must not: the secrets that are known, whatever looks like a
// key, token or password, and (unless the person agreed) addresses, names of hosts and users, and e-mail addresses. Equal
// things get equal placeholders, so that the text still tells which is which.
type Mask struct {
	Secrets []provision.Secret // hidden in every form that Masker knows, short ones as words
	Hosts   []string           // names and aliases of hosts, the site's domain
	Users   []string           // login names

	// What the person agreed to show.
	ShowAddresses bool
	ShowNames     bool
	ShowEmails    bool
}

const (
	hiddenSecret = "[secret]"
	hiddenKey    = "[private key]"
)

// Text returns text with everything hidden.
func (m Mask) Text(text string) string {
	r := maskRules()
	text = r.hideKeys(text)
	text = m.hideSecrets(text)
	text = r.hideSecretLike(text)
	n := &numbering{seen: map[string]string{}, count: map[string]int{}}
	if !m.ShowNames {
		text = m.hideGiven(text, n)
		text = r.hideNames(text, n)
	}
	if !m.ShowEmails {
		text = r.hideEmails(text, n, m.ShowNames)
	}
	if !m.ShowAddresses {
		text = r.hideAddresses(text, n)
	}
	return text
}

// numbering gives equal things equal placeholders.
type numbering struct {
	seen  map[string]string
	count map[string]int
}

func (n *numbering) of(kind, value string) string {
	key := kind + " " + strings.ToLower(value)
	if n.seen[key] == "" {
		n.count[kind]++
		n.seen[key] = fmt.Sprintf("[%s %d]", kind, n.count[kind])
	}
	return n.seen[key]
}

// hideSecrets hides the known ones: in every form, or as a word of its own where it is too short or too common for that.
func (m Mask) hideSecrets(text string) string {
	text = NewMasker(m.Secrets).Line(text)
	var short []string
	for _, s := range m.Secrets {
		if value := strings.TrimSpace(s.Reveal()); value != "" && len(spellings(value)) == 0 {
			short = append(short, value)
		}
	}
	slices.SortFunc(short, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may contain the other
	for _, value := range short {
		text = replaceWord(text, value, hiddenSecret)
	}
	return text
}

// hideGiven hides the names that the caller knows of, the longest first.
func (m Mask) hideGiven(text string, n *numbering) string {
	type given struct{ kind, name string }
	var all []given
	for _, host := range m.Hosts {
		all = append(all, given{"host", host})
	}
	for _, user := range m.Users {
		if user != "root" { // everybody's
			all = append(all, given{"user", user})
		}
	}
	slices.SortStableFunc(all, func(a, b given) int { return cmp.Compare(len(b.name), len(a.name)) })
	for _, g := range all {
		if _, err := netip.ParseAddr(g.name); strings.TrimSpace(g.name) == "" || err == nil {
			continue // an address is hidden as an address
		}
		if hasWord(text, g.name) {
			text = replaceWord(text, g.name, n.of(g.kind, g.name))
		}
	}
	return text
}

// rules are the expressions of the mask, compiled when the first text is masked.
type rules struct {
	block, openBlock, publicKey          *regexp.Regexp
	credentials, header, assigned, token *regexp.Regexp
	flag, dense, chinese                 *regexp.Regexp
	home, login, host, reached, email    *regexp.Regexp
	serverNames, domain                  *regexp.Regexp
	v4, v6                               *regexp.Regexp
}

var maskRules = sync.OnceValue(func() *rules {
	const secretName = `[\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?(?:id|secret))?|private[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?|auth|session(?:[_-]?id)?|cookie)[\w-]*`
	c := regexp.MustCompile
	return &rules{
		block:       c(`(?s)-----BEGIN ([A-Z0-9 ]+)-----.*?-----END [A-Z0-9 ]+-----`),
		openBlock:   c(`-----BEGIN [A-Z0-9 ]+-----(?:[^\S\n]*(?:\n|\\n|$)[ \t|>\d.]*[A-Za-z0-9+/=]{16,}[^\S\n]*)*`),
		publicKey:   c(`\b(ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-\S+@openssh\.com) +AAAA[A-Za-z0-9+/=]+`),
		credentials: c(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@:'"]*:[^\s@'"]+@`),
		header:      c(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:token|key|secret)[\w-]*)(["']?\s*[:=]\s*["']?)[^\n"']+`),
		assigned:    c(`(?i)\b(` + secretName + `)((?:\\?["'])?\s*(?:[:=]|=>|：)\s*)(\[secret\]|\\?"[^"\n]*"|\\?'[^'\n]*'|[^\s,;}\])]+)`),
		chinese:     c(`((?:密码|口令|密钥)\s*[:=：是为]\s*)(\[secret\]|\S+)`),
		flag:        c(`(?i)(\s--?(?:` + secretName + `)\s+)("[^"\n]*"|'[^'\n]*'|[^\s-]\S*)`),
		token: c(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bLTAI[0-9A-Za-z]{12,}\b|\bAKID[0-9A-Za-z]{13,}\b|\bgh[pousr]_[0-9A-Za-z]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}` +
			`|\bxox[abposr]-[\w-]{10,}|\bsk-[\w-]{20,}|\bnpm_[0-9A-Za-z]{20,}|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\bdckr_pat_[\w-]{16,}|\bpypi-[\w-]{20,}|\b[rs]k_(?:live|test)_\w{10,}`),
		dense:       c(`[A-Za-z0-9+/_-]{32,}={0,2}`),
		home:        c(`((?:/home|/Users|\\Users)[/\\]+)([^/\\\s:'"]+)`),
		login:       c(`(?i)(\b(?:(?:user(?:name)?|login(?:_user)?|role)[=:][ "']*|(?:for(?: invalid)? user|accepted \w+ for|logged in as) +["']?))([a-z_][\w.-]*)`),
		host:        c(`(?i)((?:https?://(?:\[user\]:\[secret\]@)?|hostname |the name |connect to host |connection to |lookup |host key for |known host |authenticated to |server_name |resolve host:? |\bhost[=:] ?["']?)\[?)([a-z0-9](?:[\w-]*\.)+[a-z][\w-]*[a-z0-9])`),
		serverNames: c(`server_name[^\S\n]+([^;\n]+);`),
		domain:      c(`(?i)[a-z0-9](?:[\w-]*\.)+[a-z][\w-]*[a-z0-9]`),
		reached:     c(`(?i)((?:\[user \d+\]|\broot)@)([a-z][\w-]*(?:\.[\w-]*\w)*|[a-z0-9](?:[\w-]*\.)+[a-z][\w-]*[a-z0-9])`), // who logs in is hidden already
		email:       c(`([A-Za-z0-9_][\w.+-]*)@([A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?(?:\.[\w-]+)*)`),
		v4:          c(`\b(?:\d{1,3}\.){3}\d{1,3}\b`),
		v6:          c(`(^|[^\w:.])([0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)`),
	}
})

// hideKeys hides PEM blocks, whole or cut off, and public keys.
func (r *rules) hideKeys(text string) string {
	text = r.block.ReplaceAllStringFunc(text, func(block string) string {
		if strings.Contains(block[:min(len(block), 60)], "CERTIFICATE") {
			return "[certificate]"
		}
		return hiddenKey
	})
	text = r.openBlock.ReplaceAllString(text, hiddenKey)
	return r.publicKey.ReplaceAllString(text, "$1 [public key]")
}

// hideSecretLike hides what looks like a password, key or token though nobody named it.
func (r *rules) hideSecretLike(text string) string {
	text = r.credentials.ReplaceAllString(text, "${1}[user]:"+hiddenSecret+"@")
	text = r.header.ReplaceAllString(text, "${1}${2}"+hiddenSecret)
	text = r.assigned.ReplaceAllString(text, "${1}${2}"+hiddenSecret)
	text = r.chinese.ReplaceAllString(text, "${1}"+hiddenSecret)
	text = r.flag.ReplaceAllString(text, "${1}"+hiddenSecret)
	text = r.token.ReplaceAllString(text, hiddenSecret)
	return r.dense.ReplaceAllStringFunc(text, func(s string) string {
		if isDense(s) {
			return hiddenSecret
		}
		return s
	})
}

// isDense tells a random key from a path, a digest in hexadecimal or a long name: it mixes cases and digits and has no
// more than two slashes.
func isDense(s string) bool {
	upper, lower, digit := 0, 0, 0
	for _, c := range s {
		switch {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= '0' && c <= '9':
			digit++
		}
	}
	return upper >= 3 && lower >= 3 && digit >= 2 && strings.Count(s, "/") <= 2
}

// hideNames hides the users of home directories and logins, and hosts where a text names them as such.
func (r *rules) hideNames(text string, n *numbering) string {
	text = r.home.ReplaceAllStringFunc(text, func(s string) string {
		part := r.home.FindStringSubmatch(s)
		if strings.HasPrefix(part[2], "[") { // hidden already
			return s
		}
		return part[1] + n.of("user", part[2])
	})
	text = r.login.ReplaceAllStringFunc(text, func(s string) string {
		part := r.login.FindStringSubmatch(s)
		if part[2] == "root" || strings.HasPrefix(part[2], "[") {
			return s
		}
		return part[1] + n.of("user", part[2])
	})
	// A host that is named as one somewhere is hidden everywhere.
	var named []string
	for _, part := range append(r.host.FindAllStringSubmatch(text, -1), r.reached.FindAllStringSubmatch(text, -1)...) {
		named = append(named, part[2])
	}
	for _, part := range r.serverNames.FindAllStringSubmatch(text, -1) {
		named = append(named, r.domain.FindAllString(part[1], -1)...)
	}
	for _, host := range named {
		if !isPublic(host) && n.seen["host "+strings.ToLower(host)] == "" {
			text = replaceWord(text, host, n.of("host", host))
		}
	}
	return text
}

// publicHosts are servers of the trade, which tell nothing about the person and much about the failure.
var publicHosts = []string{
	"docker.io", "docker.com", "debian.org", "ubuntu.com", "centos.org", "fedoraproject.org", "alpinelinux.org", "pypi.org",
	"pythonhosted.org", "npmjs.org", "npmjs.com", "npmmirror.com", "yarnpkg.com", "anaconda.com", "anaconda.org", "golang.org",
	"crates.io", "rust-lang.org", "maven.org", "apache.org", "rubygems.org", "packagist.org", "github.com", "gitlab.com",
	"githubusercontent.com", "mirrors.aliyun.com", "aliyuncs.com", "quay.io", "gcr.io", "ghcr.io", "kernel.org", "nginx.org",
	"localhost", "python.org", "nodejs.org", "goproxy.cn", "rsproxy.cn", "tuna.tsinghua.edu.cn", "letsencrypt.org",
}

func isPublic(host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(publicHosts, func(public string) bool {
		return host == public || strings.HasSuffix(host, "."+public)
	})
}

// hideEmails hides e-mail addresses, and user@host of a login where names are hidden.
func (r *rules) hideEmails(text string, n *numbering, showNames bool) string {
	return r.email.ReplaceAllStringFunc(text, func(s string) string {
		part := r.email.FindStringSubmatch(s)
		user, host := part[1], part[2]
		_, addressErr := netip.ParseAddr(host)
		switch {
		case addressErr == nil || !strings.Contains(host, "."): // a login, or a digest: image@sha256
			if showNames || user == "root" || host == "sha256" || host[0] >= '0' && host[0] <= '9' && addressErr != nil {
				return s
			}
			return n.of("user", user) + "@" + host
		case host[0] >= '0' && host[0] <= '9': // a version: left-pad@1.3.0
			return s
		default:
			return n.of("email", s)
		}
	})
}

// hideAddresses hides IP addresses but those that are the same on every machine.
func (r *rules) hideAddresses(text string, n *numbering) string {
	hide := func(s string) string {
		trimmed := strings.TrimRight(s, ".:")
		if strings.HasSuffix(s, "::") {
			trimmed = s
		}
		address, err := netip.ParseAddr(trimmed)
		if err != nil || address.IsLoopback() || address.IsUnspecified() || trimmed == "255.255.255.255" {
			return s
		}
		return n.of("address", address.String()) + s[len(trimmed):]
	}
	text = r.v6.ReplaceAllStringFunc(text, func(s string) string {
		part := r.v6.FindStringSubmatch(s)
		return part[1] + hide(part[2])
	})
	return r.v4.ReplaceAllStringFunc(text, hide)
}

// hasWord tells whether replaceWord would replace something.
func hasWord(text, word string) bool { return replaceWord(text, word, "") != text }

// replaceWord puts other words in the place of each occurrence of a word, whatever its case. Neighbours may share the character
// between them, and what stands in a placeholder is no word of the text: a host may well be named "host".
func replaceWord(text, word, with string) string {
	if !utf8.ValidString(word) { // no expression can look for it
		return strings.ReplaceAll(text, word, with)
	}
	pattern := regexp.MustCompile(`\[(?:host|user|address|email) \d+\]|(?i:` + regexp.QuoteMeta(word) + `)`)
	var b strings.Builder
	done, from := 0, 0
	for {
		at := pattern.FindStringIndex(text[from:])
		if at == nil {
			break
		}
		start, end := from+at[0], from+at[1]
		switch {
		case text[start] == '[' && word[0] != '[':
			from = end
		case isPartOfWord(utf8.DecodeLastRuneInString(text[:start])) || isPartOfWord(utf8.DecodeRuneInString(text[end:])):
			_, size := utf8.DecodeRuneInString(text[start:])
			from = start + size
		default:
			b.WriteString(text[done:start] + with)
			done, from = end, end
		}
	}
	return b.String() + text[done:]
}

// isPartOfWord tells whether a character next to a word makes it part of a longer one; there is none at an end of the text.
func isPartOfWord(c rune, size int) bool {
	return size > 0 && (c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c))
}
