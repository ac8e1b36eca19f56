package tree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"
)

const (
	cacheMagic = "provision hashes 2\n"
	noCache    = "none"
	// settled is how old a file's times must be when it is hashed for the hash to be kept. A file that is written again
	// within one tick of the file system's clock looks unchanged; the coarsest clock in use (FAT) ticks every 2 s.
	settled = 2 * time.Second
	// cacheRecord is the size of a record beyond its path: size, mtime, ctime, inode, device, SHA-256.
	cacheRecord = 5*8 + sha256.Size
	// maxCache bounds what is read of a cache, in bytes: ten million files or so.
	maxCache = 1 << 30
)

// cache remembers the hashes of files by size, times and inode, as git's index does. It is an optimisation: where it
// cannot be read or written, files are hashed, and so they are where a change may not show in a file's ctime.
type cache struct {
	file   string // "" is no cache
	device uint64 // of the tree; files on others are left out
	data   []byte // records in the order of ComparePaths, without magic and checksum
	stale  bool   // it differs from what was found
}

// openCache reads the cache of the tree at root, or begins a new one.
func openCache(ctx context.Context, file, root string, anew bool) *cache {
	if file == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			return &cache{}
		}
		name := sha256.Sum256([]byte(root))
		file = filepath.Join(folder, "provision", "hashes", hex.EncodeToString(name[:16]))
	}
	if file == noCache {
		return &cache{}
	}
	info, err := os.Stat(root)
	if err != nil || !changesShow(root) {
		return &cache{}
	}
	c := &cache{file: file, device: statOf(info).device, stale: true}
	if anew {
		return c
	}
	data, err := readRegular(ctx, file, maxCache)
	if err != nil {
		return c
	}
	body, sum := data[:max(len(data)-4, 0)], data[max(len(data)-4, 0):]
	if !bytes.HasPrefix(body, []byte(cacheMagic)) || binary.LittleEndian.Uint32(sum) != crc32.Checksum(body, castagnoli()) {
		return c
	}
	c.data, c.stale = body[len(cacheMagic):], false
	return c
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// fill sets the hashes of those files that are as they were, and returns the others. Both sides have the same order, so
// one walk over both is enough.
func (c *cache) fill(files []found) (unknown []*found) {
	r := cacheReader{rest: c.data}
	r.next()
	for i := range files {
		f := &files[i]
		if f.Kind != File {
			continue
		}
		for r.ok && ComparePaths(string(r.path), f.Path) < 0 {
			c.stale = true
			r.next()
		}
		if r.ok && string(r.path) == f.Path {
			if r.stat == f.stat {
				f.SHA256 = r.sum
				r.next()
				continue
			}
			r.next()
		}
		c.stale = true
		unknown = append(unknown, f)
	}
	c.stale = c.stale || r.ok
	return unknown
}

// cacheReader walks the records.
type cacheReader struct {
	rest []byte
	ok   bool
	path []byte
	stat fileStat
	sum  [sha256.Size]byte
}

func (r *cacheReader) next() {
	shared, n := binary.Uvarint(r.rest)
	length, m := binary.Uvarint(r.rest[max(n, 0):])
	head := n + m
	if r.ok = n > 0 && m > 0 && shared <= uint64(len(r.path)) && uint64(len(r.rest)-head) >= length+cacheRecord; !r.ok {
		return
	}
	r.path = append(r.path[:shared], r.rest[head:head+int(length)]...)
	b := r.rest[head+int(length):]
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	r.stat = fileStat{int64(word(0)), int64(word(1)), int64(word(2)), word(3), word(4)}
	copy(r.sum[:], b[5*8:])
	r.rest = b[cacheRecord:]
}

// save writes the cache if anything in it is new. Files that were modified just before they were hashed are left out.
func (c *cache) save(files []found) {
	if c.file == "" || !c.stale {
		return
	}
	data := append(make([]byte, 0, len(files)*128), cacheMagic...)
	last := ""
	for i := range files {
		f := &files[i]
		if f.Kind != File || f.stat.device != c.device || !f.hashed.IsZero() && f.hashed.UnixNano()-max(f.stat.mtime, f.stat.ctime) < int64(settled) {
			continue
		}
		shared := 0
		for shared < min(len(last), len(f.Path)) && last[shared] == f.Path[shared] {
			shared++
		}
		data = binary.AppendUvarint(data, uint64(shared))
		data = binary.AppendUvarint(data, uint64(len(f.Path)-shared))
		data = append(data, f.Path[shared:]...)
		for _, word := range []uint64{uint64(f.stat.size), uint64(f.stat.mtime), uint64(f.stat.ctime), f.stat.inode, f.stat.device} {
			data = binary.LittleEndian.AppendUint64(data, word)
		}
		data = append(data, f.SHA256[:]...)
		last = f.Path
	}
	data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, castagnoli()))
	_ = replaceFile(c.file, data) // without a cache the next scan is slower, and no less right
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
