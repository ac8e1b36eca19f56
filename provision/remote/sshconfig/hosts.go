package sshconfig

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mostIncludes is how deep OpenSSH lets configurations include each other.
const mostIncludes = 16

// Hosts lists the names of the Host blocks that stand for one host each, in the person's SSH configuration and what it includes;
// file is as in Query.
func Hosts(file string) []string {
	local := localAccount()
	if file == "" {
		file = local.config()
	}
	var hosts []string
	collectHosts(file, local, mostIncludes, &hosts)
	return hosts
}

func collectHosts(file string, local account, depth int, hosts *[]string) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || depth < 0 {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		keyword, words := splitLine(line)
		switch keyword {
		case "host":
			for _, name := range words {
				if !strings.ContainsAny(name, "*?! ") && !slices.Contains(*hosts, name) {
					*hosts = append(*hosts, name)
				}
			}
		case "include":
			for _, pattern := range words {
				for _, path := range local.tilde(pattern) {
					if !filepath.IsAbs(path) {
						path = filepath.Join(local.home(), ".ssh", path)
					}
					included, _ := filepath.Glob(path)
					for _, path := range included {
						collectHosts(path, local, depth-1, hosts)
					}
				}
			}
		}
	}
}

// splitLine parts a line of a configuration: the keyword in small letters, and the words behind it.
func splitLine(line string) (keyword string, words []string) {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " \t=\"")
	if line == "" || line[0] == '#' || end < 0 {
		return "", nil
	}
	rest := strings.TrimLeft(line[end:], " \t")
	words = splitQuoted(strings.TrimPrefix(rest, "="))
	if comment := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, "#") }); comment >= 0 {
		words = words[:comment]
	}
	return strings.ToLower(line[:end]), words
}
