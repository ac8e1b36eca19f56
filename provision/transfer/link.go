package transfer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxHops bounds how many links one link may lead through, as Linux does.
const maxHops = 40

// readLink reads the link at path and refuses it if it leads out of the tree, through other links or not, whether or not
// what it names is there.
func readLink(root, path string) (string, error) {
	local := filepath.Join(root, filepath.FromSlash(path))
	target, err := os.Readlink(local)
	if err != nil {
		return "", fmt.Errorf("cannot read the link %s: %w", shown(local), cause(err))
	}
	if reason := leadsOut(root, parent(path), filepath.ToSlash(target)); reason != "" {
		return "", fmt.Errorf("cannot upload the link %s: its target %s %s; make it relative and within the site's source, or add it to .provisionignore",
			shown(local), shown(target), reason)
	}
	return filepath.ToSlash(target), nil
}

// leadsOut walks target from folder as the kernel would and tells why it does not stay within root; "" if it does.
func leadsOut(root, folder, target string) string {
	var at []string
	if folder != "" {
		at = strings.Split(folder, "/")
	}
	ahead := []string{target}
	for hops := 0; len(ahead) > 0; {
		next, rest, more := strings.Cut(ahead[0], "/")
		switch {
		case filepath.IsAbs(ahead[0]) || strings.HasPrefix(ahead[0], "/"):
			return "is absolute"
		case more:
			ahead[0] = strings.TrimLeft(rest, "/")
		default:
			ahead = ahead[1:]
		}
		switch next {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return "leads out of the site's source"
			}
			at = at[:len(at)-1]
			continue
		}
		here := append(at, next)
		onward, err := os.Readlink(filepath.Join(root, filepath.Join(here...)))
		if err != nil { // no link: a file, a folder, or nothing
			at = here
			continue
		}
		if hops++; hops > maxHops {
			return "leads in a circle"
		}
		ahead = append([]string{filepath.ToSlash(onward)}, ahead...)
	}
	return ""
}
