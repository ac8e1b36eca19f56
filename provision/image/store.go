package image

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

//go:embed *.sh
var scripts embed.FS

var (
	lookScript   = shell.Load(scripts, "look.sh")
	loadScript   = shell.Load(scripts, "load.sh")
	clearScript  = shell.Load(scripts, "clear.sh")
	saveScript   = shell.Load(scripts, "save.sh")
	readScript   = shell.Load(scripts, "read.sh")
	forgetScript = shell.Load(scripts, "forget.sh")
)

// Store is where a host's engine keeps its images.
type Store struct {
	Platform   string     // "linux/arm64", as registries write it
	Containerd bool       // it keeps them as containerd does, and needs every layer of one that it loads
	BuildKit   bool       // docker build is BuildKit's
	images     [][]string // the layers of each image, as what they unpack to, the lowest first
	stage      room       // where files are staged
	root       room       // where the engine keeps images
}

// room is what is free on a file system; none for one that is not known.
type room struct {
	free int64 // bytes
	on   string
}

// Look prints what [ParseLook] reads.
func Look(stateDir string) shell.Text { return lookScript.With(stateDir) }

// architectures are the machine names of uname as registries write them.
var architectures = map[string]string{
	"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "i386": "386", "armv7l": "arm/v7", "armv6l": "arm/v6", "armv8l": "arm/v7", "loongarch64": "loong64",
}

// ParseLook reads what the script of [Look] printed.
func ParseLook(text []byte) (Store, error) {
	var s Store
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch word {
		case "platform":
			system, machine, _ := strings.Cut(safetext.Clean(rest), "/")
			if known, ok := architectures[machine]; ok {
				machine = known
			}
			s.Platform = system + "/" + machine
		case "containerd":
			s.Containerd = true
		case "buildkit":
			s.BuildKit = true
		case "stage":
			s.stage = parseRoom(rest)
		case "root":
			s.root = parseRoom(rest)
		case "layers":
			var layers []string
			if json.Unmarshal([]byte(rest), &layers) == nil && len(layers) <= maxLayers {
				s.images = append(s.images, layers)
			}
		}
	}
	if s.Platform == "" {
		return s, fmt.Errorf("the engine does not tell its platform: %.80q", text)
	}
	return s, nil
}

func parseRoom(text string) room {
	free, on, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(free, 10, 53)
	if err != nil {
		return room{}
	}
	return room{n << 10, on}
}

// Lacks are the layers of an image that the host has to be sent. One that others have below the same layers is there already.
func (s Store) Lacks(i *Image) []Layer {
	if s.Containerd {
		return i.Layers
	}
	most := 0
	for _, layers := range s.images {
		n := 0
		for n < len(layers) && n < len(i.Layers) && layers[n] == i.Layers[n].DiffID {
			n++
		}
		most = max(most, n)
	}
	return i.Layers[most:]
}

// Holds fails where layers will not fit on the host: they lie there as files, then in the engine's hands, then unpacked, which
// takes the same again at the least.
func (s Store) Holds(host string, i *Image, layers []Layer) error {
	size := Size(layers)
	stage, root := size, 2*size
	if s.stage.on == s.root.on {
		stage += root
	}
	for _, disk := range []struct {
		room
		needs int64
	}{{s.stage, stage}, {s.root, root}} {
		if disk.on != "" && disk.free < disk.needs {
			return provision.Fail("image.room", i.Name, host, disk.needs>>20, disk.free>>20, safetext.Clean(disk.on))
		}
	}
	return nil
}
