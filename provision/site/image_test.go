package site

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf16"
)

// sources are the files of a context, each with its own name for content.
func sources(names ...string) fstest.MapFS {
	root := fstest.MapFS{}
	for _, name := range names {
		root[name] = &fstest.MapFile{Data: []byte(name)}
	}
	return root
}

func (p placed) String() string {
	switch p.state {
	case stateFile:
		return p.source + strings.TrimSpace(p.text)
	case stateFolder:
		return "folder"
	case stateAbsent:
		return "absent"
	case stateBase:
		return "base"
	}
	return "unknown"
}

func TestImage(t *testing.T) {
	context := []string{"web.conf", "tls/site.pem", "tls/site.key", "app/main.py", "app/conf/a.conf", "app/notes.md", "start.sh", "make.sh"}
	for _, c := range []struct{ dockerfile, want string }{
		{"FROM nginx\nCOPY web.conf /etc/nginx/conf.d/", "/etc/nginx/conf.d/web.conf=web.conf /etc/nginx/nginx.conf=base"},
		{"FROM nginx\nCOPY web.conf /etc/nginx/conf.d", "/etc/nginx/conf.d/web.conf=web.conf"},
		{"FROM nginx\nCOPY tls/site.pem /etc/nginx/cert", "/etc/nginx/cert=tls/site.pem /etc/nginx/cert/site.pem=base"},
		{"FROM mine\nCOPY tls/site.pem /etc/nginx/cert", "/etc/nginx/cert/site.pem=unknown"},
		{"FROM scratch\nCOPY app /srv", "/srv/main.py=app/main.py /srv/conf=folder /srv/nothing=absent"},
		{"FROM alpine\nCOPY . /a\nCOPY web.conf /a/start.sh", "/a/start.sh=web.conf /a/tls/site.pem=tls/site.pem"},
		{"FROM alpine\nARG TARGETARCH\nCOPY app/$TARGETARCH /srv", "/srv/main.py=unknown /etc/x=base"},
		{"FROM alpine\nCOPY app $HOMEX/x", "/etc/x=unknown"},
		{"FROM alpine\nENV D=/srv\nCOPY app ${D}/${E:-one}", "/srv/one/main.py=unknown"},
		{"FROM scratch\nCOPY --exclude=*.md app /srv", "/srv/notes.md=absent /srv/conf/a.conf=app/conf/a.conf"},
		{"FROM alpine\nCOPY --parents ./app/./conf /etc/", "/etc/conf/a.conf=app/conf/a.conf"},
		{"FROM alpine\nCOPY <<A <<'B' /x/\nis $A\nA\nis $B\nB\n", "/x/A=is /x/B=is$B"},
		{"FROM alpine AS one\nCOPY app /o\nFROM one AS two\nRUN rm /o/notes.md\nFROM scratch\nCOPY --from=two /o /p", "/p/main.py=app/main.py /p/notes.md=absent"},
		{"FROM alpine\nCOPY --from=nginx /etc/nginx /etc/nginx", "/etc/nginx/nginx.conf=unknown /etc/other=base"},
		{"FROM debian\nCOPY . /srv\nRUN mkdir -p /c && cp /srv/tls/site.* /c/ && ln -s /srv/web.conf /etc/web", "/c/site.pem=tls/site.pem /c/site.key=tls/site.key /etc/web=web.conf"},
		{"FROM debian\nCOPY app /srv/app\nRUN cp -r /srv/app/conf /etc/app && mv /srv/app/main.py /main", "/etc/app/a.conf=app/conf/a.conf /main=app/main.py /srv/app/main.py=absent"},
		{"FROM debian\nRUN ln -s /srv/app /live\nCOPY app /srv/app", "/live/main.py=app/main.py"},
		{"FROM debian\nRUN echo a b > /x && echo c >> /x; cat <<EOF > /y\nhello\nEOF\n", "/x=unknown /y=hello"},
		{"FROM debian\nCOPY web.conf /etc/web.conf\nRUN sed -i s/a/b/ /etc/web.conf", "/etc/web.conf=unknown"},
		{"FROM debian\nCOPY web.conf /etc/web.conf\nRUN if true; then rm /etc/web.conf; fi", "/etc/web.conf=unknown"},
		{"FROM debian\nCOPY web.conf /etc/web.conf\nRUN apt-get install -y nginx && chown root /etc/web.conf", "/etc/web.conf=web.conf"},
		{"FROM debian\nCOPY tls /tls\nRUN cd /tls && cp site.pem /etc/a.pem", "/etc/a.pem=tls/site.pem"},
		{"FROM debian\nCOPY make.sh /make.sh\nRUN sh /make.sh", "/etc/make.sh=unknown /etc/other=base"},
		{"FROM debian\nADD app.tar.gz /srv/", "/srv/x=unknown"},
		{"# syntax=example.test/other\nFROM debian\nCOPY web.conf /x", "/x=unknown"},
		{"FROM own\nCOPY start.sh ./start.sh", "/{workdir}/start.sh=start.sh /etc/start.sh=unknown /etc/other=base"},
	} {
		root := sources(context...)
		root["make.sh"].Data = []byte("touch /etc/make.sh\n")
		root["Dockerfile"] = &fstest.MapFile{Data: []byte(c.dockerfile + "\n")}
		in := Read(root, Site{}, time.Time{})
		for want := range strings.FieldsSeq(c.want) {
			name, expected, _ := strings.Cut(want, "=")
			if got := strings.ReplaceAll(in.recipe.image().at(name).String(), " ", ""); got != expected {
				t.Errorf("%s\n%s is %q, want %q", c.dockerfile, name, got, expected)
			}
		}
	}
}

func TestImageNames(t *testing.T) {
	root := sources("conf.d/a.conf", "conf.d/b.conf", "web.conf")
	root["Dockerfile"] = &fstest.MapFile{Data: []byte("FROM scratch\nCOPY conf.d /etc/nginx/conf.d\nCOPY web.conf /etc/nginx/\nCOPY <<x /etc/nginx/conf.d/\n1\nx\nRUN [\"rm\", \"/etc/nginx/conf.d/b.conf\"]\n")}
	image := Read(root, Site{}, time.Time{}).recipe.image()
	for folder, want := range map[string]string{"/etc/nginx": "conf.d web.conf", "/etc/nginx/conf.d": "a.conf x", "/": "etc"} {
		if names, whole := image.names(folder); strings.Join(names, " ") != want || !whole {
			t.Errorf("%s has %v, %v; want %s", folder, names, whole, want)
		}
	}
	found, whole := glob(image, "/etc/nginx/*/*.conf")
	if fmt.Sprint(found) != "[conf.d/a.conf]" || !whole {
		t.Errorf("the pattern means %v, %v", found, whole)
	}
}

// carelessFS takes names in any case, as the file systems of macOS and Windows do.
type carelessFS struct{ fstest.MapFS }

func (c carelessFS) Open(name string) (fs.File, error) {
	for own := range c.MapFS {
		if strings.EqualFold(own, name) {
			name = own
		}
	}
	return c.MapFS.Open(name)
}

func (c carelessFS) Stat(name string) (fs.FileInfo, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	return f.Stat()
}

func TestNamesAreComparedAsLinuxDoes(t *testing.T) {
	root := carelessFS{sources("Readme.md")}
	root.MapFS["Dockerfile"] = &fstest.MapFile{Data: []byte("FROM alpine\nCOPY README.md /\n")}
	if got := codes(examineFS(t, root, Site{})); !slices.Equal(got, []string{"copy-case"}) {
		t.Errorf("found %v", got)
	}
}

// Start scripts are found through the COPY that brings them.
func TestStartScripts(t *testing.T) {
	crlf := "#!/bin/sh\r\ntrue\r\n"
	for name, c := range map[string]struct {
		dockerfile string
		content    string
		want       []string
	}{
		"another name":    {"FROM alpine\nCOPY docker/entry.sh /usr/local/bin/run\nENTRYPOINT [\"run\"]\nCMD [\"x\"]", crlf, nil},
		"its path":        {"FROM alpine\nCOPY docker/entry.sh /usr/local/bin/run\nENTRYPOINT [\"/usr/local/bin/run\"]", crlf, []string{"script-crlf"}},
		"behind tini":     {"FROM alpine\nCOPY docker/entry.sh /run.sh\nENTRYPOINT [\"tini\", \"--\", \"/run.sh\"]", crlf, []string{"script-crlf"}},
		"in a shell form": {"FROM alpine\nCOPY docker /d\nCMD sh /d/entry.sh --now", "true\r\n", []string{"script-crlf"}},
		"relative":        {"FROM alpine\nWORKDIR /app\nCOPY docker .\nCMD [\"./entry.sh\"]", crlf, []string{"script-crlf"}},
		"python":          {"FROM alpine\nCOPY docker/entry.sh /run.py\nCMD [\"python\", \"/run.py\"]", "print()\r\n", nil},
		"mended":          {"FROM alpine\nCOPY docker/entry.sh /run.sh\nRUN sed -i 's/\\r$//' /run.sh\nCMD [\"/run.sh\"]", crlf, nil},
		"of nginx":        {"FROM nginx\nCOPY docker/entry.sh /docker-entrypoint.d/\n", crlf, []string{"script-crlf"}},
		"UTF-16":          {"FROM alpine\nCOPY docker/entry.sh /run.sh\nCMD [\"/run.sh\"]", "\xff\xfe#\x00!\x00/\x00", []string{"file-utf16"}},
		"BOM":             {"FROM alpine\nCOPY docker/entry.sh /run.sh\nCMD [\"/run.sh\"]", "\xef\xbb\xbf#!/bin/sh\n", []string{"file-bom"}},
	} {
		root := fstest.MapFS{"Dockerfile": {Data: []byte(c.dockerfile + "\n")}, "docker/entry.sh": {Data: []byte(c.content)}}
		report := examine(t, root, Site{})
		if got := codes(report); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %v, want %v", name, got, c.want)
		}
		if got := codes(mend(t, root, report, Site{})); len(got) > 0 {
			t.Errorf("%s: after mending there still is %v", name, got)
		}
	}
}

// A file in another encoding has one finding, and mending it loses nothing.
func TestEncodings(t *testing.T) {
	encoded := func(text string) string {
		out := []byte("\xff\xfe")
		for _, unit := range utf16.Encode([]rune(text)) {
			out = binary.LittleEndian.AppendUint16(out, unit)
		}
		return string(out)
	}
	for file, want := range map[string]string{"Dockerfile": goodDockerfile, "resource/default.conf": testdata(t, "tutorial.conf"), ".dockerignore": "*.md\n", "start.sh": "nginx\n"} {
		root := folder(t, map[string]string{file: encoded(want)})
		report := examine(t, root, tutorialSite())
		if got := codes(report); !slices.Equal(got, []string{"file-utf16"}) {
			t.Errorf("%s: found %v", file, got)
		}
		if after := mend(t, root, report, tutorialSite()); len(codes(after)) > 0 || string(root[file].Data) != want {
			t.Errorf("%s: mended to %q, %v", file, root[file].Data, codes(after))
		}
	}
	for _, file := range []string{pemFile, keyFile} {
		root := folder(t, nil)
		text := string(root[file].Data)
		root[file] = &fstest.MapFile{Data: []byte(encoded(text)), Mode: 0o600}
		report := examine(t, root, tutorialSite())
		if got := codes(report); !slices.Equal(got, []string{"file-utf16"}) {
			t.Errorf("%s: found %v", file, got)
		}
		if mend(t, root, report, tutorialSite()); string(root[file].Data) != text {
			t.Errorf("%s is mended to something else", path.Base(file))
		}
	}
}
