package story

import (
	"context"
	"fmt"
	"time"

	"github.com/kehuo/provision/provision"
)

type step struct {
	target *target
	id     string
}

func (s *step) ID() string    { return s.id }
func (s *step) Title() string { return s.target.story.options.Words.T("step." + s.id + ".title") }

func (s *step) change(action, reason, diff, summary string, apply func(context.Context, *provision.Reporter) error) []provision.Change {
	return []provision.Change{{Action: action, Reason: reason, Diff: diff, Summary: summary,
		Apply: func(ctx context.Context, r *provision.Reporter) error {
			if err := apply(ctx, r); err != nil {
				return err
			}
			s.target.story.finish(s.target.name, s.id)
			return nil
		}}}
}

func (s *step) Plan() ([]provision.Change, error) {
	if s.target.story.satisfied(s.target.name, s.id) {
		return nil, nil
	}
	switch s.id {
	case "02-directory":
		return s.change("create /home/kevin/dev/myweb", "it does not exist", "", "folder created", s.directory), nil
	case "05-nginx-config":
		return s.change("put resource/default.conf right", "nothing redirects port 80 to https", configDiff, "", s.quick), nil
	case "06-files":
		return s.change("upload 42 files, 9.8 MB", "the host has none of them", filesDiff, "42 files", s.upload), nil
	case "07-build":
		return s.change("build myweb_image:server", "the image does not exist", "", "image built", s.build), nil
	case "09-run":
		return s.change("run the container myweb_https", "no container of that name exists", "", "container created", s.run), nil
	}
	return nil, nil
}

const configDiff = `--- resource/default.conf
+++ resource/default.conf
@@ -29,3 +29,9 @@
         proxy_pass http://127.0.0.1:5000;
     }
 }
+
+server {
+    listen 80;
+    server_name localhost;
+    rewrite ^(.*) https://$host$1 permanent;
+}
`

const filesDiff = `+ Dockerfile
+ app.py
+ requirements.txt
+ resource/default.conf
+ resource/start.sh
+ ssl_files/kevinhuo_cool.key (mode 600)
+ ssl_files/kevinhuo_cool.pem
~ static/logo.png (content)
- static/old-logo.png
  and 33 more
`

func (s *step) directory(ctx context.Context, r *provision.Reporter) error {
	r.Command("mkdir -p /home/kevin/dev/myweb")
	return s.target.story.pause(ctx)
}

func (s *step) quick(ctx context.Context, _ *provision.Reporter) error {
	return s.target.story.pause(ctx)
}

func (s *step) upload(ctx context.Context, r *provision.Reporter) error {
	const total = 9_800_000
	for i := range int64(50) {
		if err := s.target.story.pause(ctx); err != nil {
			return err
		}
		r.Progress(total*(i+1)/50, total, provision.UnitBytes, fmt.Sprintf("static/image-%02d.png", i))
	}
	return nil
}

// instructions are what docker build of the sample site prints, the classic builder.
var instructions = []string{
	"FROM kehuo/centos8_conda:nginx",
	"COPY ./resource/default.conf /etc/nginx/conf.d/default.conf",
	"COPY ./ssl_files/kevinhuo_cool.pem /etc/nginx/cert/kevinhuo_cool.pem",
	"COPY ./ssl_files/kevinhuo_cool.key /etc/nginx/cert/kevinhuo_cool.key",
	"RUN pip install -r requirements.txt",
	"COPY ./app.py /opt/myweb/app.py",
	"COPY ./resource/start.sh /opt/myweb/start.sh",
	"WORKDIR /opt/myweb",
	"EXPOSE 80 443",
}

func (s *step) build(ctx context.Context, r *provision.Reporter) error {
	o := s.target.story.options
	r.Command("cd /home/kevin/dev/myweb && docker build -t myweb_image:server --label io.provision.release=20260301-0930 .")
	total := int64(len(instructions))
	for i, instruction := range instructions {
		n := int64(i + 1)
		r.Progress(n, total, provision.UnitSteps, instruction)
		r.Output(provision.StreamOut, fmt.Sprintf("Step %d/%d : %s", n, total, instruction))
		if o.Block != nil {
			select {
			case <-o.Block:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := s.target.story.pause(ctx); err != nil {
			return err
		}
		if n == 5 {
			if err := s.install(ctx, r); err != nil {
				return err
			}
		}
		r.Output(provision.StreamOut, fmt.Sprintf(" ---> %012x", 0x4bcdd38fb7e1*n&0xffffffffffff))
	}
	r.Output(provision.StreamOut, "Successfully tagged myweb_image:server")
	return nil
}

func (s *step) install(ctx context.Context, r *provision.Reporter) error {
	for i := range s.target.story.options.Lines {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.Output(provision.StreamOut, fmt.Sprintf("Collecting package-%d==1.%d (from -r requirements.txt)", i, i%10))
	}
	if s.target.story.fails() {
		r.Output(provision.StreamErr, "ERROR: Could not find a version that satisfies the requirement flask-restfull (from versions: none)")
		r.Output(provision.StreamErr, "ERROR: No matching distribution found for flask-restfull")
		return errBuild(s.target.name)
	}
	return s.target.story.pause(ctx)
}

func (s *step) run(ctx context.Context, r *provision.Reporter) error {
	r.Command("docker run -d --init --name myweb_https -p 80:80 -p 443:443 --restart unless-stopped myweb_image:server bash ./start.sh")
	if err := s.target.story.pause(ctx); err != nil {
		return err
	}
	r.Output(provision.StreamOut, "3f1c9d2ab8e47c5f0f6b2a9d1c7e8f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e")
	return nil
}

// Verify implements provision.Verifier: the last step asks the site.
func (s *step) Verify(_ context.Context, r *provision.Reporter) error {
	if s.id != "11-site" {
		return nil
	}
	for _, m := range Measurements() {
		r.SiteCheck(m)
	}
	return nil
}

// Measurements is how the site of the story answers.
func Measurements() []provision.SiteCheck {
	return []provision.SiteCheck{
		{Vantage: provision.VantageHostHTTP, URL: "http://kevinhuo.cool/", Status: 301, Server: "nginx/1.14.1",
			Location: "https://kevinhuo.cool/", Duration: 2 * time.Millisecond},
		{Vantage: provision.VantageHostHTTPS, URL: "https://kevinhuo.cool/", Status: 200, Server: "nginx/1.14.1",
			CertificateDays: 87, Duration: 14 * time.Millisecond},
		{Vantage: provision.VantageHTTP, URL: "http://kevinhuo.cool/", Status: 301, Server: "nginx/1.14.1",
			Location: "https://kevinhuo.cool/", Duration: 31 * time.Millisecond},
		{Vantage: provision.VantageHTTPS, URL: "https://kevinhuo.cool/", Status: 200, Server: "nginx/1.14.1",
			CertificateDays: 87, Duration: 58 * time.Millisecond},
	}
}
