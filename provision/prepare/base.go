package prepare

import (
	_ "embed" // of the Dockerfile
	"strings"

	"github.com/kehuo/provision/provision/shell"
)

// The tutorial's base image, and the Dockerfile of one that does the same.
const (
	BaseName  = "kehuo/centos8_conda"
	BaseImage = BaseName + ":nginx"
)

//go:embed base.Dockerfile
var BaseDockerfile string

// Pull pulls an image.
func Pull(image string) Command {
	return Command{"docker pull " + image, shell.Exec("docker", "pull", image)}
}

// BuildBase builds BaseDockerfile, which comes on standard input.
func BuildBase(image string) []string { return []string{"docker", "build", "--tag", image, "-"} }

// Registries are where an image comes from: the mirrors of Docker Hub, then the registry itself.
func Registries(image string, mirrors []string) []string {
	host, _, named := strings.Cut(image, "/")
	if named && strings.ContainsAny(host, ".:") {
		return []string{"https://" + host}
	}
	return append(append([]string{}, mirrors...), "https://registry-1.docker.io")
}
