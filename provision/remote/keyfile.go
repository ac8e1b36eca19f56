package remote

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/youmark/pkcs8"
	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/shell"
)

const encryptedPKCS8 = "ENCRYPTED PRIVATE KEY"

// parseKey reads a private key of any format that OpenSSH reads. An encrypted one is a *ssh.PassphraseMissingError.
func parseKey(text []byte) (ssh.Signer, error) {
	block := keyBlock(text)
	switch {
	case block == nil:
		return nil, errors.New("no private key found")
	case block.Type == encryptedPKCS8:
		return nil, &ssh.PassphraseMissingError{}
	}
	return ssh.ParsePrivateKey(pem.EncodeToMemory(block))
}

// decryptKey is parseKey for an encrypted key. A wrong passphrase is an x509.IncorrectPasswordError.
func decryptKey(text, passphrase []byte) (ssh.Signer, error) {
	block := keyBlock(text)
	if block.Type != encryptedPKCS8 {
		return ssh.ParsePrivateKeyWithPassphrase(pem.EncodeToMemory(block), passphrase)
	}
	if len(passphrase) == 0 { // which would have the library take the key for one without
		return nil, x509.IncorrectPasswordError
	}
	key, _, err := pkcs8.ParsePrivateKey(block.Bytes, passphrase)
	if err != nil { // what it cannot decrypt at all, lockedBy has told
		return nil, x509.IncorrectPasswordError
	}
	return ssh.NewSignerFromKey(key)
}

// keyBlock is the first private key in a file, which may have other things in front of it, as openssl writes them; nil where
// there is none.
func keyBlock(text []byte) *pem.Block {
	for {
		block, rest := pem.Decode(text)
		if block == nil || strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return block
		}
		text = rest
	}
}

// lockedBy names the cipher of an encrypted key that this program cannot decrypt though OpenSSH can; empty where it can.
func lockedBy(block *pem.Block) string {
	switch block.Type {
	case "OPENSSH PRIVATE KEY":
		var header struct {
			Cipher, KDF, Options string
			Rest                 []byte `ssh:"rest"`
		}
		_, body, _ := bytes.Cut(block.Bytes, []byte("openssh-key-v1\x00"))
		if ssh.Unmarshal(body, &header) == nil && header.Cipher != "aes256-ctr" && header.Cipher != "aes256-cbc" {
			return oneLine(header.Cipher)
		}
	case encryptedPKCS8:
		_, _, err := pkcs8.ParsePrivateKey(block.Bytes, []byte("any"))
		if what, cannot := strings.CutPrefix(err.Error(), "pkcs8: unsupported "); cannot {
			return oneLine(what)
		}
		if strings.HasPrefix(err.Error(), "pkcs8: only ") {
			return "PKCS#5 v1.5" // of an old openssl
		}
	}
	return ""
}

// recognise says what a file is that is not a private key of a form that can be used.
func recognise(path string, text []byte, err error) *keyError {
	trimmed := bytes.TrimSpace(text)
	block, _ := pem.Decode(text)
	quoted := shell.Quote(path)
	switch {
	case bytes.HasPrefix(trimmed, []byte("PuTTY-User-Key-File-")):
		return unusable(keyFormat, path, "putty", quoted, shell.Quote(strings.TrimSuffix(path, ".ppk")))
	case bytes.HasPrefix(trimmed, []byte("---- BEGIN SSH2 PUBLIC KEY")), block != nil && strings.HasSuffix(block.Type, "PUBLIC KEY"):
		return unusable(keyFormat, path, "public")
	case block != nil && block.Type == "CERTIFICATE":
		return unusable(keyFormat, path, "tls")
	case len(trimmed) == 0:
		return unusable(keyFormat, path, "empty")
	case strings.Contains(err.Error(), "sk-ssh-"), strings.Contains(err.Error(), "sk-ecdsa"), isSecurityKey(block):
		return unusable("", path, "security", quoted)
	}
	if how := mangled(string(text)); how != "" {
		return unusable(keyMangled, path, how, quoted)
	}
	if bytes.Contains(text, []byte("-----BEGIN")) && bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return unusable(keyMangled, path, "damaged", quoted)
	}
	return unusable(keyFormat, path, "unreadable", oneLine(err.Error()))
}

// isSecurityKey looks for the key type in the unencrypted public half of an OpenSSH key.
func isSecurityKey(block *pem.Block) bool {
	return block != nil && block.Type == "OPENSSH PRIVATE KEY" &&
		(bytes.Contains(block.Bytes, []byte("sk-ssh-ed25519@openssh.com")) ||
			bytes.Contains(block.Bytes, []byte("sk-ecdsa-sha2-nistp256@openssh.com")))
}

// mangling is a way in which editors and the secret stores of CI systems spoil a key, and the way back.
type mangling struct {
	name string
	undo func(text string) string
}

func manglings() []mangling {
	return []mangling{
		{"byte-order-mark", func(text string) string { return strings.TrimPrefix(text, "\ufeff") }},
		{"utf16", fromUTF16},
		{"indented", func(text string) string { return indentation.ReplaceAllString(text, "") }},
		{"quoted", func(text string) string { return strings.Trim(strings.TrimSpace(text), "\"'`") }},
		{"escaped", func(text string) string { return strings.NewReplacer(`\r\n`, "\n", `\n`, "\n").Replace(text) }},
		{"flat", func(text string) string { return unfold(text) }},
		{"base64", fromBase64},
	}
}

// mangled says how a key was spoilt: undoing that, and perhaps another thing within it, makes it one. Empty where nothing does.
func mangled(text string) string {
	for depth := range 2 {
		for _, outer := range manglings() {
			undone := outer.undo(text)
			switch {
			case undone == text:
			case depth == 0 && isKey(undone):
				return outer.name
			case depth == 1:
				for _, inner := range manglings() {
					if isKey(inner.undo(undone)) {
						return outer.name
					}
				}
			}
		}
	}
	return ""
}

func isKey(text string) bool {
	_, err := parseKey([]byte(text))
	return err == nil || errors.As(err, new(*ssh.PassphraseMissingError))
}

var (
	indentation = regexp.MustCompile(`(?m)^[ \t]+`)
	oneLineKey  = regexp.MustCompile(`(?s)(-----BEGIN [A-Z0-9 ]+-----)(.*?)(-----END [A-Z0-9 ]+-----)`)
	blanks      = regexp.MustCompile(`\s+`)
)

// unfold gives a key back its lines: a reader of PEM cares for those around header and footer alone.
func unfold(text string) string {
	parts := oneLineKey.FindStringSubmatch(text)
	if parts == nil {
		return text
	}
	return parts[1] + "\n" + blanks.ReplaceAllString(parts[2], "") + "\n" + parts[3] + "\n"
}

func fromBase64(text string) string {
	decoded, err := base64.StdEncoding.DecodeString(blanks.ReplaceAllString(text, ""))
	if err != nil {
		return text
	}
	return string(decoded)
}

// fromUTF16 decodes text of either byte order, with its mark or without.
func fromUTF16(text string) string {
	big := strings.HasPrefix(text, "\xfe\xff") || strings.HasPrefix(text, "\x00")
	units := make([]uint16, 0, len(text)/2)
	for i := 0; i+1 < len(text); i += 2 {
		unit := uint16(text[i]) | uint16(text[i+1])<<8
		if big {
			unit = unit>>8 | unit<<8
		}
		units = append(units, unit)
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
}
