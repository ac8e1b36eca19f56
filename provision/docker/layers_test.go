package docker_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
)

func TestTheLayersOfABuildAreThoseThatItMade(t *testing.T) {
	var l docker.Layers
	l.Add("Sending build context to Docker daemon  13.31kB\nStep 1/5 : FROM python:3\n ---> 68c082ecf8eb\nStep 2/5 : COPY a b\n ---> Using cache\n ---> aaaaaaaaaaaa")
	l.Add("Step 3/5 : COPY c d\n ---> 0123456789ab\nStep 4/5 : RUN make\n ---> Running in bbbbbbbbbbbb\n ---> not an id\nRemoving intermediate container bbbbbbbbbbbb\n ---> cdef01234567")
	l.Add("Step 5/5 : RUN false\n ---> Running in eeeeeeeeeeee")
	if got := strings.Join(l.Made(), " "); got != "cdef01234567 0123456789ab" {
		t.Errorf("got %s", got)
	}
}
