package survey

import (
	"bytes"
	"embed"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/shell"
)

//go:embed *.sh
var scripts embed.FS

var watchScript = shell.Load(scripts, "watch.sh")

// Unknown is a share that could not be told.
const Unknown = -1

// Pulse is how busy a machine is.
type Pulse struct {
	CPU    float64       // share of all cores that worked since the pulse before, 0 to 1; Unknown for the first one
	Memory float64       // share of the memory that is in use, 0 to 1; Unknown where the kernel does not tell
	Disk   float64       // share of the disk that is in use, 0 to 1; Unknown where df does not tell
	Total  int64         // bytes of memory; 0: not known
	Free   int64         // bytes of the disk that are free; 0: not known
	Load   string        // average of the last minute; empty: not known
	Up     time.Duration // since the machine has started; 0: not known

	worked, idled int64 // clock ticks since the machine has started
}

// parsePulse reads what watch.sh printed, after the pulse before it.
func parsePulse(text []byte, before Pulse) Pulse {
	p := Pulse{CPU: Unknown, Memory: Unknown, Disk: Unknown}
	var total, free int64
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "cpu":
			p.ticks(f[1:])
		case "up":
			if seconds, err := strconv.ParseFloat(f[1], 64); err == nil && seconds > 0 && seconds < 1e9 {
				p.Up = time.Duration(seconds * float64(time.Second))
			}
		case "load":
			if _, err := strconv.ParseFloat(f[1], 64); err == nil {
				p.Load = f[1]
			}
		case "memory":
			total = number(f[1])
		case "free":
			free = number(f[1])
		default:
			if len(f) >= 6 && strings.HasSuffix(f[4], "%") {
				p.disk(number(f[2]), number(f[3]))
			}
		}
	}
	if total > 0 && free <= total {
		p.Total, p.Memory = total<<10, 1-float64(free)/float64(total)
	}
	// A machine that has started anew counts from zero.
	worked, idled := p.worked-before.worked, p.idled-before.idled
	if before.worked+before.idled > 0 && worked >= 0 && idled >= 0 && worked+idled > 0 {
		p.CPU = float64(worked) / float64(worked+idled)
	}
	return p
}

// ticks takes the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
func (p *Pulse) ticks(fields []string) {
	const idle, iowait, steal = 3, 4, 7
	for i, f := range fields[:min(len(fields), steal+1)] {
		if i == idle || i == iowait {
			p.idled += number(f)
		} else {
			p.worked += number(f)
		}
	}
}

// disk takes what df tells, in KiB.
func (p *Pulse) disk(used, free int64) {
	if used+free > 0 {
		p.Free, p.Disk = free<<10, float64(used)/float64(used+free)
	}
}

// number is text as a number that is not negative and small enough to count with; 0 for any other.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1<<52 {
		return 0
	}
	return n
}
