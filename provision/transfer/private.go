package transfer

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
)

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

// finish turns what was found into the manifest, with the modes of private keys closed.
func finish(files []found, private []string) *Manifest {
	m := &Manifest{Entries: make([]Entry, len(files))}
	closed := make(map[string]fs.FileMode, 2*len(private))
	for _, p := range private {
		p = path.Clean(p)
		closed[p] = 0o600
		if folder := parent(p); folder != "" {
			closed[folder] = 0o700
		}
	}
	for i := range files {
		m.Entries[i] = files[i].Entry
		e := &m.Entries[i]
		if !files[i].hashed.IsZero() && e.Size < largeFile {
			m.fresh += e.Size
		}
		if mode, ok := closed[e.Path]; ok && (e.Kind == Directory) == (mode == 0o700) && e.Kind != Link {
			e.Mode = mode
		}
	}
	return m
}
