package release

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// Room is what is known of the disk of a host's engine.
type Room struct {
	Root   string // the folder of its images and containers
	Free   int64  // bytes
	Needed int64  // bytes that a build is likely to take
	Ours   int64  // bytes that the images of the site take; 0: not asked, because there is room enough
	Freed  int    // how many earlier releases went
}

// Enough reports whether a build is likely to find the room that it needs.
func (r Room) Enough() bool { return r.Free >= r.Needed }

// MakeRoom sees to room for a build of files of that size after which the image last is built, if there is one. It talks to Docker.
func (s Site) MakeRoom(last *docker.Image, files int64) shell.Text {
	return s.room(last, files, "free")
}

// LookForRoom is MakeRoom without removing anything.
func (s Site) LookForRoom(last *docker.Image) shell.Text { return s.room(last, 0, "look") }

func (s Site) room(last *docker.Image, files int64, how string) shell.Text {
	id, size := "", int64(0)
	if last != nil {
		id, size = last.ID, last.Size
	}
	return roomScript.With(s.StateDir, s.Container, s.Name, s.Directory, s.Image, id, strconv.FormatInt(size, 10), strconv.FormatInt(files, 10), how)
}

// ParseRoom reads what the two printed; nil where that is nothing, because the engine lives elsewhere.
func ParseRoom(out []byte) *Room {
	text := string(out)
	r := new(Room)
	if n, err := fmt.Sscanf(text, "room %d %d %d %d", &r.Free, &r.Needed, &r.Freed, &r.Ours); n != 4 || err != nil {
		return nil
	}
	fields := strings.SplitN(strings.TrimSpace(text), " ", 6)
	if len(fields) != 6 || min(r.Free, r.Needed, r.Ours) < 0 || r.Freed < 0 {
		return nil
	}
	if r.Root = safetext.Clean(fields[5]); !strings.HasPrefix(r.Root, "/") {
		return nil
	}
	return r
}
