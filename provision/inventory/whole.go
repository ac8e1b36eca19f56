package inventory

import (
	"fmt"
	"path"
	"strings"
)

// wholeSite checks what takes more than one field to tell, once each field is valid by itself.
func (d *decoder) wholeSite(s *Site) {
	if len(d.problems) > 0 {
		return
	}
	d.sourceFolder(s)
	if len(d.problems) > 0 {
		return
	}
	d.pairFiles(s)
	if _, given := d.positions["site.ports"]; !given {
		s.Ports = DefaultPorts(s.Certificate != "")
	}
	for i, entry := range s.Upload {
		s.Upload[i] = path.Clean(entry)
		if err := checkUploaded(s.Source, entry); err != nil {
			d.failField(fmt.Sprintf("site.upload[%d]", i), err.Error())
		}
	}
	if len(d.problems) > 0 {
		return
	}
	for _, needed := range []struct{ field, path string }{{"the Dockerfile", "Dockerfile"}, {"site.certificate", s.Certificate}, {"site.key", s.Key}} {
		if needed.path != "" && !uploads(s.Upload, needed.path) {
			d.failField("site.upload", fmt.Sprintf("does not include %s (%s), which the image needs; add it to the list", needed.path, needed.field))
		}
	}
	d.logOptions(s)
	if s.Cutover == CutoverWarm && s.JoinsNetwork() {
		d.failField("site.cutover", `"warm" moves the ports on Docker's own bridge, and site.options joins another network; write auto or cold`)
	}
}

func (d *decoder) sourceFolder(s *Site) {
	given := s.Source
	folder, err := local(d.dir, given)
	if err == nil {
		s.Source = folder
		err = checkFolder(folder)
	}
	if err != nil {
		d.failField("site.source", err.Error())
	}
}

// pairFiles applies to certificate and key what holds for both of them.
func (d *decoder) pairFiles(s *Site) {
	_, certificateGiven := d.positions["site.certificate"]
	_, keyGiven := d.positions["site.key"]
	product, _, _ := strings.Cut(s.Server, "/")
	switch {
	case product != "nginx" && !certificateGiven && !keyGiven:
		s.Certificate, s.Key = "", "" // the tutorial's pair belongs to its nginx
	case (s.Certificate == "") != (s.Key == ""):
		d.failField("site.key", "and site.certificate are a pair, and one of them is empty; name both files, or leave both empty for a site without TLS")
	case s.Certificate != "" && path.Clean(s.Certificate) == path.Clean(s.Key) && certificateGiven != keyGiven:
		d.failField("site.key", "is the same file as site.certificate; name the file with the private key")
	default:
		for _, p := range []*string{&s.Certificate, &s.Key} {
			if *p != "" {
				*p = path.Clean(*p)
			}
		}
	}
}

// logOptions leaves the log to the options where these choose the log driver.
func (d *decoder) logOptions(s *Site) {
	if !choosesLogDriver(s.Options) {
		return
	}
	if _, both := d.positions["site.log"]; both {
		d.failField("site.log", "and a --log option in site.options contradict each other; keep one of them")
	}
	s.Log = Log{}
}

// failField notes a problem with a field that may not be in the file: then it shows at the nearest field around it.
func (d *decoder) failField(field, problem string) {
	name := field
	for name != "" {
		if p, ok := d.values[name]; ok {
			d.problems = append(d.problems, d.errorAt(p, field, field+" "+problem))
			return
		}
		name = name[:max(strings.LastIndexAny(name, ".["), 0)]
	}
	d.problems = append(d.problems, d.errorAt(position{1, 1}, field, field+" "+problem))
}
