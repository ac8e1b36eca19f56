package site

import (
	"regexp"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// dumpedFile is the line that nginx -T prints above each file.
var dumpedFile = regexp.MustCompile(`(?m)^# configuration file (/.+):\r?$\n?`)

// maxDump bounds what of a dump is examined; a configuration of this size is made by programs for programs.
const maxDump = 4 << 20

// ExamineDump examines what nginx itself prints as its configuration (nginx -T) for what the tutorial demands. nginx has loaded
// it; whether the certificate is the site's own is seen on the wire.
func ExamineDump(s Site, dump []byte, words *language.Printer) Report {
	x := &examiner{in: Input{Site: s}, words: words, drafts: map[string]*draft{}}
	known := &nginxImage{parsed: map[string]*nginxconf.File{}}
	text := string(dump[:min(len(dump), maxDump)])
	heads := dumpedFile.FindAllStringSubmatchIndex(text, -1)
	var files []*nginxconf.File
	for n, head := range heads {
		end := len(text)
		if n+1 < len(heads) {
			end = heads[n+1][0]
		}
		at := text[head[2]:head[3]]
		file, err := nginxconf.Parse(at, text[head[1]:end])
		if err != nil { // what nginx has read and this program cannot is not judged
			return x.report
		}
		if known.main == "" {
			known.main = at
		}
		known.parsed[at] = file
		files = append(files, file)
	}
	if len(files) > 0 && x.tls() {
		demands{x, known, newView(files[0].Directives, files, known.open)}.examine()
	}
	return x.report
}
