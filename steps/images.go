package steps

import (
	"fmt"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

// imageNames is shell text that prints a line "ID NAME" for every name of every image that was built for the site, if it was
// the build that gave the name; an image without any name goes by its id. A name that somebody else gave such an image is
// theirs, and holds the image.
func imageNames(site, directory string) string {
	label := func(key, value string) string { return shell.Quote("label=" + key + "=" + value) }
	return fmt.Sprintf(imageNamesText, label(docker.LabelSite, site), label(docker.LabelDirectory, directory),
		shell.Quote(fmt.Sprintf(imageNamesFormat, docker.LabelImage, docker.LabelTree, treeInName)))
}

// imageNamesFormat has a line for each name: the id, the name that the build was given, the tag that it added, the name.
const imageNamesFormat = `{{$id := .Id}}{{$name := or (index .Config.Labels "%s") "-"}}{{$tag := printf "%%.%[3]ds" (index .Config.Labels "%[2]s")}}` +
	`{{range .RepoTags}}{{$id}} {{$name}} {{$tag}} {{.}}{{"\n"}}{{else}}{{$id}} {{$name}} {{$tag}} {{$id}}{{"\n"}}{{end}}`

const imageNamesText = `docker image ls -q --no-trunc --filter %s --filter %s | sort -u | xargs -r docker image inspect --format %s |
while read -r id built tag name; do
  case $name in "$built" | *:"$tag" | "$id") echo "$id $name" ;; esac
done`
