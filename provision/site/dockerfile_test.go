package site

import (
	"slices"
	"strings"
	"testing"
)

// change is what a case does to the tutorial's site.
type change struct {
	files map[string]string
	site  func(*Site)
	want  []string // codes of errors and warnings
	edit  string   // a line that the edits add
}

func (c change) run(t *testing.T) Report {
	t.Helper()
	root := folder(t, c.files)
	site := tutorialSite()
	if c.site != nil {
		c.site(&site)
	}
	report := examine(t, root, site)
	if got := codes(report); !slices.Equal(got, c.want) {
		t.Errorf("found %v, want %v", got, c.want)
		for _, p := range report.Problems {
			t.Logf("%s:%d %+v", p.File, p.Line, p.Finding)
		}
	}
	if c.edit == "" {
		return report
	}
	var diffs strings.Builder
	for _, e := range report.Edits() {
		diffs.WriteString(e.Diff)
	}
	if !strings.Contains(diffs.String(), "\n+"+c.edit+"\n") {
		t.Errorf("the edits do not add %q:\n%s", c.edit, diffs.String())
	}
	if got := codes(mend(t, root, report, site)); len(got) > 0 {
		t.Errorf("after mending there still is %v", got)
	}
	return report
}

func dockerfile(lines ...string) map[string]string {
	return map[string]string{"Dockerfile": strings.Join(lines, "\n") + "\n"}
}

const (
	from     = "FROM kehuo/centos8_conda:nginx"
	copyConf = "COPY resource/default.conf /etc/nginx/conf.d/default.conf"
	copyPEM  = "COPY ./ssl_files/kevinhuo_cool.pem /etc/nginx/cert/kevinhuo_cool.pem"
	copyKey  = "COPY ./ssl_files/kevinhuo_cool.key /etc/nginx/cert/kevinhuo_cool.key"
)

func TestDockerfiles(t *testing.T) {
	for name, c := range map[string]change{
		"missing":               {files: map[string]string{"Dockerfile": ""}, want: []string{"file-missing"}},
		"blank":                 {files: dockerfile(" "), want: []string{"file-empty"}},
		"comments only":         {files: dockerfile("# nothing"), want: []string{"dockerfile-no-from"}},
		"no FROM":               {files: dockerfile("ARG A=1"), want: []string{"dockerfile-no-from"}},
		"RUN before FROM":       {files: dockerfile("RUN a", from), want: []string{"dockerfile-before-from"}},
		"comment behind FROM":   {files: dockerfile(from + " # base"), want: []string{"dockerfile-from"}},
		"misspelt instruction":  {files: dockerfile(from, "COPPY a b"), want: []string{"dockerfile-instruction"}},
		"COPY without target":   {files: dockerfile(from, "COPY a"), want: []string{"dockerfile-copy-arguments"}},
		"heredoc without end":   {files: dockerfile(from, "RUN <<EOF", "a"), want: []string{"dockerfile-syntax"}},
		"file to copy missing":  {files: dockerfile(from, copyConf, copyPEM, copyKey, "COPY requirements.txt /"), want: []string{"copy-missing"}},
		"pattern that matches":  {files: dockerfile(from, copyConf, copyPEM, copyKey, "COPY *.sh /project/")},
		"pattern without match": {files: dockerfile(from, copyConf, copyPEM, copyKey, "COPY *.py /project/"), want: []string{"copy-nothing"}},
		"heredoc to copy":       {files: dockerfile(from, copyConf, copyPEM, copyKey, "COPY <<EOF /hello", "hello", "EOF")},
		"remote ADD":            {files: dockerfile(from, copyConf, copyPEM, copyKey, "ADD https://example.com/a.tar.gz /")},
		"source in bash base":   {files: dockerfile(from, copyConf, copyPEM, copyKey, "RUN source ~/.bashrc && conda activate myenv")},
		"source in dash base":   {files: dockerfile("FROM python:3.12-slim", copyConf, copyPEM, copyKey, "RUN cd /a && source venv/bin/activate"), want: []string{"source-under-sh"}},
		"source with SHELL":     {files: dockerfile("FROM debian", `SHELL ["/bin/bash", "-c"]`, copyConf, copyPEM, copyKey, "RUN source a")},
		"script with CRLF":      {files: map[string]string{"start.sh": "#!/bin/bash\r\nnginx\r\n"}, want: []string{"script-crlf"}, edit: "nginx"},
		"script missing": {files: map[string]string{"start.sh": "", "Dockerfile": strings.Join([]string{from, copyConf, copyPEM, copyKey}, "\n")},
			want: []string{"script-missing"}},
		"ignored source": {files: map[string]string{".dockerignore": "*.sh\n"}, want: []string{"copy-ignored"}},
		"not uploaded":   {site: func(s *Site) { s.Upload = []string{"Dockerfile", "resource", "ssl_files"} }, want: []string{"copy-not-uploaded"}},
		"uploaded":       {site: func(s *Site) { s.Upload = []string{"Dockerfile", "resource/default.conf", "ssl_files", "start.sh"} }},
		"source outside": {files: dockerfile(from, copyConf, copyPEM, copyKey, "COPY ../start.sh /"), want: []string{"copy-outside"}},
	} {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func TestCertificateLines(t *testing.T) {
	neither := []string{"certificate-not-copied", "key-not-copied"}
	for name, c := range map[string]change{
		"both missing":            {files: dockerfile(from, copyConf), want: neither, edit: copyKey},
		"both missing, CRLF":      {files: map[string]string{"Dockerfile": from + "\r\n" + copyConf + "\r\n"}, want: neither, edit: copyPEM + "\r"},
		"no line end":             {files: map[string]string{"Dockerfile": from + "\n" + copyConf}, want: neither, edit: copyPEM},
		"key missing":             {files: dockerfile(from, copyConf, copyPEM), want: []string{"key-not-copied"}, edit: copyKey},
		"commented out":           {files: dockerfile(from, copyConf, "# "+copyPEM, "# "+copyKey), want: neither, edit: copyPEM},
		"whole folder":            {files: dockerfile(from, copyConf, "COPY ssl_files /etc/nginx/cert")},
		"folder with dot":         {files: dockerfile(from, copyConf, "COPY ./ssl_files/. /etc/nginx/cert/")},
		"both in one line":        {files: dockerfile(from, copyConf, "COPY ssl_files/kevinhuo_cool.pem ssl_files/kevinhuo_cool.key /etc/nginx/cert/")},
		"pattern":                 {files: dockerfile(from, copyConf, "COPY ssl_files/kevinhuo_cool.* /etc/nginx/cert/")},
		"pattern of the folder":   {files: dockerfile(from, copyConf, "COPY ssl_* /etc/nginx/cert/")},
		"JSON form":               {files: dockerfile(from, copyConf, `COPY ["ssl_files/kevinhuo_cool.pem", "ssl_files/kevinhuo_cool.key", "/etc/nginx/cert/"]`)},
		"ADD":                     {files: dockerfile(from, copyConf, "ADD ssl_files/ /etc/nginx/cert/")},
		"flags":                   {files: dockerfile(from, copyConf, "COPY --chown=0:0 --chmod=600 ssl_files /etc/nginx/cert")},
		"continued line":          {files: dockerfile(from, copyConf, "COPY ssl_files/kevinhuo_cool.pem \\", "  ssl_files/kevinhuo_cool.key \\", "  /etc/nginx/cert/")},
		"variable":                {files: dockerfile(from, "ENV CERT=/etc/nginx/cert", copyConf, "COPY ssl_files ${CERT}/")},
		"argument":                {files: dockerfile(from, "ARG dir=/etc/nginx", copyConf, "COPY ssl_files $dir/cert/")},
		"relative to WORKDIR":     {files: dockerfile(from, "WORKDIR /etc/nginx", "COPY resource/default.conf conf.d/", "COPY ssl_files cert")},
		"folder that RUN makes":   {files: dockerfile(from, copyConf, "RUN mkdir -p /etc/nginx/cert", "COPY ssl_files/kevinhuo_cool.pem /etc/nginx/cert", "COPY ssl_files/kevinhuo_cool.key /etc/nginx/cert")},
		"--parents":               {files: dockerfile(from, copyConf, "COPY --parents ssl_files/ /etc/nginx/"), want: []string{"certificate-copied-elsewhere", "key-copied-elsewhere"}, edit: copyKey},
		"file instead of folder":  {files: dockerfile(from, copyConf, "COPY ssl_files/kevinhuo_cool.pem /etc/nginx/cert", copyKey), want: []string{"copy-no-slash"}, edit: "COPY ssl_files/kevinhuo_cool.pem /etc/nginx/cert/"},
		"elsewhere":               {files: dockerfile(from, copyConf, "COPY ssl_files /etc/ssl/"), want: []string{"certificate-copied-elsewhere", "key-copied-elsewhere"}, edit: copyPEM},
		"other name":              {files: dockerfile(from, copyConf, "COPY ssl_files/kevinhuo_cool.pem /etc/nginx/cert/server.pem", copyKey), want: []string{"certificate-copied-elsewhere"}, edit: copyPEM},
		"made by RUN":             {files: dockerfile(from, copyConf, copyPEM, "RUN cp /run/secrets/key /etc/nginx/cert/kevinhuo_cool.key")},
		"in the first stage only": {files: dockerfile(from+" AS build", copyPEM, copyKey, from, copyConf), want: neither, edit: copyPEM},
		"from another stage":      {files: dockerfile(from+" AS build", "COPY . /src/", from, copyConf, "COPY --from=build /src/ssl_files /etc/nginx/cert")},
		"from stage 0":            {files: dockerfile(from, "COPY . /src/", from, copyConf, "COPY --from=0 /src/ssl_files/ /etc/nginx/cert/")},
		"stage on stage":          {files: dockerfile(from+" as base", copyConf, copyPEM, copyKey, "FROM base", "RUN true")},
		"ignored":                 {files: map[string]string{".dockerignore": "ssl_files/*.pem\n*.log\n"}, want: []string{"certificate-ignored"}, edit: "!ssl_files/kevinhuo_cool.pem"},
		"both ignored":            {files: map[string]string{".dockerignore": "ssl_files"}, want: []string{"certificate-ignored", "key-ignored"}, edit: "!ssl_files/kevinhuo_cool.key"},
		"taken back":              {files: map[string]string{".dockerignore": "ssl_files/*\n!ssl_files/kevinhuo_cool.*\n"}},
		"mounted":                 {files: dockerfile(from, copyConf), site: func(s *Site) { s.Volumes = []string{"/home/kevin/dev/myweb/ssl_files:/etc/nginx/cert:ro"} }},
		"mounted from the host":   {files: dockerfile(from, copyConf), site: func(s *Site) { s.Volumes = []string{"/etc/letsencrypt:/etc/nginx/cert:ro"} }},
		"mounted wrongly": {files: dockerfile(from, copyConf), site: func(s *Site) { s.Volumes = []string{"/home/kevin/dev/myweb/ssl:/etc/nginx/cert:ro"} },
			want: []string{"mount-elsewhere", "mount-elsewhere"}},
		"other file names": {
			files: map[string]string{"Dockerfile": from + "\nCOPY a.pem b.key /etc/nginx/cert/\n" + copyConf, "resource/default.conf": "server { listen 443 ssl; ssl_certificate cert/a.pem; ssl_certificate_key /etc/nginx/cert/b.key; ssl_session_timeout 1d; ssl_prefer_server_ciphers on; }\nserver { listen 80; return 301 https://$host$request_uri; }", "a.pem": "x", "b.key": "y"},
			site:  func(s *Site) { s.Certificate, s.Key = "a.pem", "b.key" },
			want:  []string{"certificate-no-pem", "key-no-pem"},
		},
	} {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func TestCommentsStay(t *testing.T) {
	text := "# syntax=docker/dockerfile:1\n" + from + "\n\n\n# configuration\n" + copyConf + "\n# end\n"
	report := change{files: map[string]string{"Dockerfile": text}, want: []string{"certificate-not-copied", "key-not-copied"}}.run(t)
	want := strings.Replace(text, copyConf+"\n", copyConf+"\n"+copyPEM+"\n"+copyKey+"\n", 1)
	if got := string(report.Edits()[0].Content); got != want {
		t.Errorf("mended:\n%s\nwant\n%s", got, want)
	}
	for _, p := range report.Errors(StepCertificateLines) {
		if p.File != "Dockerfile" || p.Line != 6 || p.Finding.Evidence != copyConf {
			t.Errorf("shown at %s:%d %q", p.File, p.Line, p.Finding.Evidence)
		}
	}
}
