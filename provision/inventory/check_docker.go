package inventory

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
)

// CheckPort accepts a published port, see ParsePort.
func CheckPort(text string) error {
	_, err := ParsePort(text)
	return err
}

// ParsePort reads host:container, with an address of the host before and /tcp, /udp or /sctp behind.
func ParsePort(text string) (Port, error) {
	rest, protocol, given := strings.Cut(text, "/")
	if !given {
		protocol = "tcp"
	}
	p := Port{Protocol: strings.ToLower(protocol)}
	if !slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
		return Port{}, fmt.Errorf("%q names the protocol %q; write tcp, udp or sctp", text, protocol)
	}
	if strings.ContainsRune(rest, '-') {
		return Port{}, fmt.Errorf("%q is a range, and the ports are moved one by one when a release takes over; write an entry for each port", text)
	}
	colon := strings.LastIndexByte(rest, ':')
	if colon < 0 {
		return Port{}, fmt.Errorf("%q has one port, which publishes it at a random one of the host; write host:container, \"80:80\" for example", text)
	}
	before, container := rest[:colon], rest[colon+1:]
	host := before
	if colon := strings.LastIndexByte(before, ':'); colon >= 0 {
		host = before[colon+1:]
		address := strings.TrimSuffix(strings.TrimPrefix(before[:colon], "["), "]")
		ip, err := netip.ParseAddr(address)
		if err != nil || ip.Is6() != strings.HasPrefix(before, "[") {
			return Port{}, fmt.Errorf("%q begins with %q, which is not an IP address of the host; write \"127.0.0.1:8080:80\" or \"[::1]:8080:80\" for example", text, before[:colon])
		}
		p.Address = ip.String()
	}
	var err error
	if p.Host, err = portNumber(text, host); err != nil {
		return Port{}, err
	}
	if p.Container, err = portNumber(text, container); err != nil {
		return Port{}, err
	}
	return p, nil
}

func portNumber(text, number string) (int, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 65535 || foreign(number, digits) != "" {
		return 0, fmt.Errorf("%q has %q for a port; write a number from 1 to 65535", text, number)
	}
	return n, nil
}

// clashes reports whether both ports want the same one of the host.
func (p Port) clashes(q Port) bool {
	everywhere := func(p Port) bool { return p.Address == "" || p.Address == "0.0.0.0" || p.Address == "::" }
	return p.Host == q.Host && p.Protocol == q.Protocol && (p.Address == q.Address || everywhere(p) || everywhere(q))
}

// CheckRestart accepts a restart policy as Docker does.
func CheckRestart(policy string) error {
	name, retries, counted := strings.Cut(policy, ":")
	switch {
	case policy == "no" || policy == "always" || policy == "unless-stopped" || policy == "on-failure":
		return nil
	case name == "on-failure" && counted:
		if n, err := strconv.Atoi(retries); err != nil || n < 1 {
			return fmt.Errorf("%q has %q for the number of tries; write on-failure:5 for example", policy, retries)
		}
		return nil
	}
	const policies = "write no, always, unless-stopped or on-failure"
	return fmt.Errorf("%q is no restart policy%s; %s", policy, didYouMean(policy, []string{"no", "always", "unless-stopped", "on-failure"}), policies)
}

// CheckVolume accepts a volume as docker run --volume does: a folder of the host or a volume's name, the path in the container,
// and options.
func CheckVolume(volume string) error {
	const example = "write host:container, /srv/data:/data:ro for example"
	parts := strings.Split(volume, ":")
	if volume == "" {
		return errors.New("is empty; " + example)
	}
	if len(parts) < 2 || len(parts) > 3 {
		return fmt.Errorf("%q is not a volume; %s", volume, example)
	}
	from, to := parts[0], parts[1]
	switch {
	case from == "":
		return fmt.Errorf("%q names nothing to mount; %s", volume, example)
	case strings.ContainsRune(volume, 0):
		return fmt.Errorf("%q has a NUL character; write it without", volume)
	case strings.HasPrefix(from, "~") || strings.HasPrefix(from, "."):
		return fmt.Errorf("%q mounts a relative path, and the host would not know relative to what; write the whole path on the host", volume)
	case !path.IsAbs(from) && CheckContainer(from) != nil:
		return fmt.Errorf("%q mounts %q, which is neither a whole path nor a volume's name; %s", volume, from, example)
	case !path.IsAbs(to):
		return fmt.Errorf("%q mounts at %q, which is not a whole path in the container; %s", volume, to, example)
	case path.Clean(to) == "/":
		return fmt.Errorf("%q mounts over the container's root; choose a folder in it, /srv/data:/data:ro for example", volume)
	}
	if len(parts) == 3 {
		return checkVolumeOptions(volume, parts[2])
	}
	return nil
}

func checkVolumeOptions(volume, options string) error {
	known := []string{"ro", "rw", "z", "Z", "nocopy", "shared", "rshared", "slave", "rslave", "private", "rprivate", "consistent", "cached", "delegated"}
	for option := range strings.SplitSeq(options, ",") {
		if !slices.Contains(known, option) {
			return fmt.Errorf("%q ends with %q, which is no option of a volume%s; write ro, rw or nothing", volume, option, didYouMean(option, known))
		}
	}
	return nil
}

// checkLogSize accepts a size as the log driver json-file does.
func checkLogSize(size string) error {
	n, err := units.FromHumanSize(size)
	if err != nil || n <= 0 || strings.ContainsAny(size, " .") {
		return fmt.Errorf("%q is not a size; write a number with k, m or g, 10m for example", size)
	}
	return nil
}

// CheckCutover accepts a way in which a release takes over.
func CheckCutover(cutover string) error {
	if cutover == CutoverAuto || cutover == CutoverWarm || cutover == CutoverCold {
		return nil
	}
	return fmt.Errorf("%q is no cutover; write auto, warm or cold", cutover)
}
