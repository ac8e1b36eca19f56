package tree

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision"
)

// Options says which tree to read and what of it.
type Options struct {
	Root    string   // the folder with the Dockerfile
	Upload  []string // what of it to upload, slash-separated and relative to Root; nothing or "." is everything
	Private []string // private keys, relative to Root: 0600, in a folder of 0700, and uploaded whatever is ignored
	Always  []string // further files that are uploaded whatever is ignored; Dockerfile and .dockerignore always are
	// Dockerfile is uploaded whatever is ignored, and so are Ignore: the files, of which the first that is there says what of
	// Context, the folder that is built, the build does not see. Left out, they are those of `docker build .`.
	Dockerfile, Context string
	Ignore              []string
	Never               []string // files that are not uploaded whatever else is said of them: they are no part of the site
	// Cache is the file that remembers the hashes of unchanged files; "" is one in [os.UserCacheDir], "none" is no cache.
	Cache string
	Anew  bool // every file is read, also those that the cache has the hash of
}

// openFolder is a folder in which names are looked at: the way to it is walked once.
type openFolder struct{ *os.File }

func (f openFolder) close() error { return f.Close() }

// lstat is what the system says of a name, links not followed.
type lstat struct {
	fileStat
	mode fs.FileMode
}

// fileStat is what tells whether a file is still the one that was hashed.
type fileStat struct {
	size, mtime, ctime int64 // bytes; nanoseconds since 1970, ctime 0 where the system has none
	inode, device      uint64
}

// found is an entry of the local tree before its hash is known.
type found struct {
	Entry
	stat   fileStat
	hashed time.Time // when reading it began; zero where the cache knew the hash
}

// Scan reads the local tree. Modes are set to 0644 or, for folders and what its owner may execute, 0755, whatever the
// umask here is. Links that lead out of the tree, sockets, devices and named pipes are refused, and so is a file that
// changes while it is read.
func Scan(ctx context.Context, o Options) (*Manifest, error) {
	root, err := filepath.EvalSymlinks(o.Root)
	if err != nil {
		return nil, provision.Fail("tree.source", o.Root, cause(err))
	}
	o.Dockerfile, o.Context = cmp.Or(o.Dockerfile, "Dockerfile"), path.Clean(cmp.Or(o.Context, "."))
	if o.Ignore == nil {
		o.Ignore = []string{"Dockerfile.dockerignore", ".dockerignore"}
	}
	o.Private = behindLinks(root, o.Private)
	wanted, err := newScope(o)
	if err != nil {
		return nil, err
	}
	ignore, err := newIgnore(ctx, root, o.Context, o.Ignore)
	if err != nil {
		return nil, err
	}
	workers := min(2*runtime.GOMAXPROCS(0), 8)
	s := &scanner{root: root, ignore: ignore, never: o.Never, reads: o.builderFiles()}
	s.walkers, s.ctx = errgroup.WithContext(ctx)
	s.walkers.SetLimit(workers)
	top := &node{}
	s.walkers.Go(func() error { return s.directory("", wanted, ignored{}, top) })
	if err := s.walkers.Wait(); err != nil {
		return nil, err
	}
	files := top.flatten(make([]found, 0, s.count.Load()))
	cache := openCache(ctx, o.Cache, root, o.Anew)
	if err := hashAll(ctx, root, files, cache, workers); err != nil {
		return nil, err
	}
	return manifest(files, o.Private), nil
}

// scanner walks the tree with a bounded number of goroutines.
type scanner struct {
	root    string
	ignore  *ignore
	never   []string
	reads   []string // by docker build, though .dockerignore names them
	walkers *errgroup.Group
	ctx     context.Context
	count   atomic.Int64 // of the entries found
}

// node is a folder on the way from the walk to the flat list: each child is an entry, and a node if it is a folder.
type node struct {
	children []child
}

type child struct {
	found
	below   *node // of folders
	ignored bool  // a folder that is only there if something in it is
}

func (n *node) flatten(into []found) []found {
	for i := range n.children {
		c := &n.children[i]
		at := len(into)
		into = append(into, c.found)
		if c.below == nil {
			continue
		}
		into = c.below.flatten(into)
		if !c.ignored {
			continue
		}
		if len(into) == at+1 {
			into = into[:at]
			continue
		}
		into[at].Unbuilt = !slices.ContainsFunc(into[at+1:], func(f found) bool { return !f.Unbuilt })
	}
	return into
}

// directory reads one folder into n and the folders in it, in goroutines of their own while there is room for more.
func (s *scanner) directory(folder string, sc scope, above ignored, n *node) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	opened, names, err := s.open(folder, sc)
	if err != nil {
		return err
	}
	below, err := s.children(folder, opened, names, sc, above, n)
	if err = errors.Join(err, opened.close()); err != nil {
		return err
	}
	for _, d := range below {
		c := &n.children[d.child]
		walk := func() error { return s.directory(c.Path, d.sc, d.in, c.below) }
		if s.walkers.TryGo(walk) {
			continue
		}
		if err := walk(); err != nil {
			return err
		}
	}
	return nil
}

// descent is a folder that is still to be read.
type descent struct {
	child int
	sc    scope
	in    ignored
}

// children looks at what is in a folder, and returns the folders among it.
func (s *scanner) children(folder string, opened openFolder, names []string, sc scope, above ignored, n *node) (below []descent, err error) {
	n.children = make([]child, 0, len(names))
	for _, name := range names {
		p := name
		if folder != "" {
			p = folder + "/" + name
		}
		if slices.Contains(s.never, p) {
			continue
		}
		inner := sc.child(name)
		info, err := opened.lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			if !inner.required {
				continue
			}
			return nil, provision.Fail("tree.missing", Shown(p), s.root)
		}
		if err != nil {
			return nil, unreadable(s.local(p), err)
		}
		in := s.ignore.match(p, above)
		hidden := in.hidden && !inner.forced
		if hidden && !(info.mode.IsDir() && (in.exceptions || inner.holdsForced)) {
			continue
		}
		c, err := s.entry(p, info)
		if err != nil {
			return nil, err
		}
		c.Unbuilt = in.unbuilt && !slices.Contains(s.reads, p)
		c.ignored = in.hidden && c.Kind == Directory
		if c.Kind != Directory && len(inner.named) > 0 {
			return nil, provision.Fail("tree.no-folder", Shown(p))
		}
		if c.Kind == Directory {
			c.below = &node{}
			if hidden && !in.exceptions {
				inner.all = false
			}
			below = append(below, descent{len(n.children), inner, in})
		}
		n.children = append(n.children, c)
	}
	s.count.Add(int64(len(n.children)))
	return below, nil
}

// open opens a folder and returns the names to look at in it, in byte order.
func (s *scanner) open(folder string, sc scope) (openFolder, []string, error) {
	f, err := os.Open(s.local(folder))
	if err != nil {
		return openFolder{}, nil, unreadable(s.local(folder), err)
	}
	opened := openFolder{f}
	if !sc.all {
		return opened, sc.names(), nil
	}
	names, err := f.Readdirnames(-1)
	if err != nil {
		err = errors.Join(err, opened.close())
		return openFolder{}, nil, unreadable(s.local(folder), err)
	}
	slices.Sort(names)
	return opened, names, nil
}

func (s *scanner) local(p string) string {
	if p == "" {
		return s.root
	}
	return s.root + string(filepath.Separator) + filepath.FromSlash(p)
}

// entry makes an entry of what lstat said.
func (s *scanner) entry(p string, info lstat) (child, error) {
	e := Entry{Path: p, ModTime: time.Unix(0, info.mtime)}
	var err error
	switch mode := info.mode; {
	case mode.IsDir():
		e.Kind, e.Mode = Directory, 0o755
	case mode.IsRegular():
		e.Kind, e.Mode, e.Size = File, 0o644, info.size
		if mode&0o100 != 0 {
			e.Mode = 0o755
		}
	case mode&fs.ModeSymlink != 0:
		e.Kind, e.Mode = Link, 0o777
		e.Target, err = readLink(s.root, p)
	default:
		err = provision.Fail(specialCode(mode), Shown(s.local(p)))
	}
	return child{found: found{Entry: e, stat: info.fileStat}}, err
}

// specialCode is the code of the failure over what is no file, folder or link.
func specialCode(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSocket != 0:
		return "tree.socket"
	case mode&fs.ModeNamedPipe != 0:
		return "tree.named-pipe"
	case mode&fs.ModeDevice != 0:
		return "tree.device"
	}
	return "tree.special"
}

// manifest turns what was found into the manifest, with the modes of private keys closed.
func manifest(files []found, private []string) *Manifest {
	m := &Manifest{Entries: make([]Entry, len(files))}
	closed := make(map[string]fs.FileMode, 2*len(private))
	for _, p := range private {
		p = path.Clean(p)
		closed[p] = 0o600
		if folder := Parent(p); folder != "" {
			closed[folder] = 0o700
		}
	}
	for i := range files {
		m.Entries[i] = files[i].Entry
		e := &m.Entries[i]
		e.Fresh = !files[i].hashed.IsZero()
		if mode, ok := closed[e.Path]; ok && (e.Kind == Directory) == (mode == 0o700) && e.Kind != Link {
			e.Mode = mode
		}
	}
	return m
}
