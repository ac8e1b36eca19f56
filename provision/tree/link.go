package tree

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
)

// maxHops bounds how many links one link may lead through, as Linux does.
const maxHops = 40

// readLink reads the link at p and refuses it if it leads out of the tree, through other links or not, whether or not
// what it names is there.
func readLink(root, p string) (string, error) {
	local := filepath.Join(root, filepath.FromSlash(p))
	target, err := os.Readlink(local)
	if err != nil {
		return "", unreadable(local, err)
	}
	target = filepath.ToSlash(target)
	if code := leadsOut(root, Parent(p), target); code != "" {
		return "", provision.Fail(code, Shown(local), Shown(target))
	}
	return target, nil
}

// leadsOut walks target from folder as the kernel would. It returns the code of the failure if the way leaves root; "" if not.
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
			return "tree.link-absolute"
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
				return "tree.link-out"
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
			return "tree.link-circle"
		}
		ahead = append([]string{filepath.ToSlash(onward)}, ahead...)
	}
	return ""
}

// behindLinks are the paths, and the files within root that they lead to where links are on the way.
func behindLinks(root string, paths []string) []string {
	all := slices.Clone(paths)
	for _, p := range paths {
		real, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(p)))
		if err != nil {
			continue // the walk says what is wrong with it
		}
		if inside, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(inside) && filepath.ToSlash(inside) != path.Clean(p) {
			all = append(all, filepath.ToSlash(inside))
		}
	}
	return all
}
