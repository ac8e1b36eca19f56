package inventory

import (
	"path"
	"strings"
)

// wholeSite checks what takes more than one field to tell, once each field is valid by itself.
func (d *decoder) wholeSite(s *Site) {
	d.sourceFolder(s)
	if len(d.list) > 0 {
		return
	}
	d.pairFiles(s)
	if _, given := d.positions["site.ports"]; !given {
		s.Ports = DefaultPorts(s.Certificate != "")
	}
	s.Build.File, s.Build.Context = path.Clean(s.Build.File), path.Clean(s.Build.Context)
	d.buildFiles(s)
	for i, entry := range s.Upload {
		s.Upload[i] = path.Clean(entry)
		if s.Hooks.BeforeBuild != "" { // it may make what is not there yet
			continue
		}
		if err := checkUploaded(s.Source, entry); err != nil {
			d.failField(entryOf("site.upload", i), err)
		}
	}
	if len(d.list) > 0 {
		return
	}
	if !uploads(s.Upload, s.Build.File) {
		d.failField("site.upload", invalid("inventory.upload-dockerfile", s.Build.File))
	}
	for _, needed := range []struct{ field, path string }{{"site.certificate", s.Certificate}, {"site.key", s.Key}} {
		if needed.path != "" && !s.BringsPair() && !uploads(s.Upload, needed.path) {
			d.failField("site.upload", invalid("inventory.upload-lacks", needed.path, needed.field))
		}
	}
	d.logOptions(s)
	if s.Cutover == CutoverWarm && s.JoinsNetwork() {
		d.failField("site.cutover", invalid("inventory.warm-network"))
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
		d.failField("site.source", err)
	}
}

// pairFiles applies to certificate and key what holds for both of them.
func (d *decoder) pairFiles(s *Site) {
	_, certificateGiven := d.positions["site.certificate"]
	_, keyGiven := d.positions["site.key"]
	product, _, _ := strings.Cut(s.Server, "/")
	switch {
	case s.Obtains():
		s.Key = d.obtained(s, keyGiven)
	case s.Bundled():
		if keyGiven && s.Key != "" {
			d.failField("site.key", invalid("inventory.zip-key"))
		}
		s.Certificate, s.Key = path.Clean(s.Certificate), ""
	case product != "nginx" && !certificateGiven && !keyGiven:
		s.Certificate, s.Key = "", "" // the tutorial's pair belongs to its nginx
	case (s.Certificate == "") != (s.Key == ""):
		d.failField("site.key", invalid("inventory.pair-half"))
	case s.Certificate != "" && path.Clean(s.Certificate) == path.Clean(s.Key) && certificateGiven != keyGiven:
		d.failField("site.key", invalid("inventory.pair-same"))
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
		d.failField("site.log", invalid("inventory.log-twice"))
	}
	s.Log = Log{}
}
