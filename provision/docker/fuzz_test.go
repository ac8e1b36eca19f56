package docker_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/docker"
)

// FuzzParseInspect checks that each object is taken for one thing, and can be asked everything.
func FuzzParseInspect(f *testing.F) {
	f.Add(`[{"Id":"a","Name":"/myweb","State":{"Status":"running","Running":true},"Config":{"Labels":{"a":"b"}},"HostConfig":{"NetworkMode":"bridge","PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"80"}]},"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}},"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2","Aliases":["a"],"IPAMConfig":{"IPv4Address":"1"}}}}},{"Id":"sha256:b","RepoTags":["a:b"],"Config":{"Labels":null}}]`)
	f.Add(`[{"State":{},"RepoTags":[]},null,{"State":null},{"Name":"","State":{"ExitCode":-1}}]`)
	f.Add("[" + strings.Repeat(`{"State":`, 2000) + "1" + strings.Repeat("}", 2000) + "]")
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := docker.ParseInspect([]byte(text))
		if err != nil {
			return
		}
		for _, c := range objects.Containers {
			for _, endpoint := range c.PublicEndpoints("internal") {
				if options := endpoint.ConnectOptions(); len(options)%2 != 0 {
					t.Fatalf("%q", options)
				}
			}
			if c.Serves() && !c.Up() {
				t.Fatalf("%+v serves and is not up", c)
			}
			if c.BareName(); c.RestartPolicy() == "" {
				t.Fatalf("%+v has no restart policy", c.HostConfig)
			}
		}
		for _, i := range objects.Images {
			i.Tagged("a:b")
			docker.ShortID(i.ID)
		}
	})
}

// FuzzParseDescription checks that the description of an image is read as docker inspect's is.
func FuzzParseDescription(f *testing.F) {
	f.Add(`{"Id":"sha256:0123","RepoTags":["a:b"],"Size":5,"Config":{"Labels":{"x":"y"}}}`)
	f.Add(`{"Id":1}`)
	f.Fuzz(func(t *testing.T, line string) {
		image, err := docker.ParseDescription(line)
		if (image == nil) == (err == nil) {
			t.Fatalf("%+v, %v", image, err)
		}
		if err != nil {
			return
		}
		text, err := json.Marshal(image)
		if err != nil {
			return // a time before the year 0 is no time in JSON
		}
		if again, err := docker.ParseDescription(string(text)); err != nil || again.ID != image.ID || len(again.RepoTags) != len(image.RepoTags) {
			t.Fatalf("%+v was %+v, %v", again, image, err)
		}
	})
}

// FuzzProgress checks that a build only ever goes forward, and comes to the end of its output.
func FuzzProgress(f *testing.F) {
	f.Add("Step 1/2 : FROM a\n ---> Using cache\nStep 2/2 : RUN b\n")
	f.Add("#7 [stage-1 3/8] RUN x\n#7 0.412 [9/9] linking\n#8 [4/8] COPY . .\n#8 CACHED")
	f.Add("Step 9223372036854775807/9223372036854775807 : x\n#1 [1/0] y\n#1 [-1/2] z")
	f.Fuzz(func(t *testing.T, output string) {
		var p docker.Progress
		last := docker.Instruction{}
		for rest := output; rest != ""; {
			through, next := p.Next(rest)
			if through < 0 || through > len(rest) || next == nil && through != len(rest) {
				t.Fatalf("%d bytes of %d, and %v", through, len(rest), next)
			}
			if next == nil {
				break
			}
			if next.I < 1 || next.I > next.N || next.N < last.N || next.N == last.N && next.I <= last.I {
				t.Fatalf("%+v after %+v", next, last)
			}
			last, rest = *next, strings.TrimPrefix(rest[through:], "\n")
		}
	})
}

// FuzzEngine checks that the engine's questions end, whatever answers them.
func FuzzEngine(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4c\r\n" + `[{"Id":"a","Names":["/b"],"Ports":[{"PrivatePort":80}],"Labels":{"a":"b"}}]` + "\r\n0\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\n\r\nnull")
	f.Add("HTTP/1.1 404 Not Found\r\n\r\n{}")
	f.Add("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"Name\":\"/a\"")
	f.Fuzz(func(t *testing.T, answer string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		engine := docker.NewEngine(func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer func() { _ = far.Close() }()
				_, _ = far.Read(make([]byte, 4096)) // the question
				_, _ = io.WriteString(far, answer)
			}()
			return near, nil
		})
		defer engine.Close()
		list, err := engine.Containers(ctx)
		if err != nil && list != nil && errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, err := engine.Container(ctx, "a"); errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, err := engine.Image(ctx, "a:b"); errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
}
