package site

import "regexp"

// Base is an image that a build needs beside the site's own files.
type Base struct {
	Image    string // as docker pull takes it
	Platform string // that the Dockerfile asks for; empty: the host's own
	Reached  bool   // by the stage that becomes the image: BuildKit passes over the others, the classic builder does not
	Frontend bool   // it reads the Dockerfile, for BuildKit alone
}

// imageName is what an image is named; what else a Dockerfile may have in its place is Docker's to refuse.
var imageName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$`)

// bases are the images of FROM, COPY --from and RUN --mount=from that are no stages, and the frontend. What only the build
// knows is left out.
func (r *recipe) bases() []Base {
	var list []Base
	add := func(b Base) {
		if !imageName.MatchString(b.Image) || b.Image == "scratch" {
			return
		}
		for i := range list {
			if list[i].Image == b.Image && list[i].Platform == b.Platform {
				list[i].Reached = list[i].Reached || b.Reached
				return
			}
		}
		list = append(list, b)
	}
	add(Base{Image: r.syntax, Reached: true, Frontend: true})
	if r.frontend != "" || len(r.refused) > 0 {
		return list
	}
	reached := r.reached()
	for i, s := range r.stages {
		if _, isStage := r.stageNamed(s.base.text, i); !isStage && !s.base.open {
			add(Base{Image: s.base.text, Platform: s.platform, Reached: reached[i]})
		}
		for _, from := range s.borrows() {
			if _, isStage := r.stageOf(from, i); !isStage {
				add(Base{Image: from, Reached: reached[i]})
			}
		}
	}
	return list
}

// borrows are the stages and images that a stage takes files from.
func (s *stage) borrows() (list []string) {
	for _, line := range s.lines {
		if c := line.copy; c != nil && c.from.text != "" && !c.from.open {
			list = append(list, c.from.text)
		}
		for _, from := range line.mounts {
			if from.text != "" && !from.open {
				list = append(list, from.text)
			}
		}
	}
	return list
}

// reached tells which stages the last one needs.
func (r *recipe) reached() []bool {
	reached := make([]bool, len(r.stages))
	var visit func(i int)
	visit = func(i int) {
		if reached[i] {
			return
		}
		reached[i] = true
		if base, isStage := r.stageNamed(r.stages[i].base.text, i); isStage {
			visit(base)
		}
		for _, from := range r.stages[i].borrows() {
			if stage, isStage := r.stageOf(from, i); isStage {
				visit(stage)
			}
		}
	}
	if len(r.stages) > 0 {
		visit(len(r.stages) - 1)
	}
	return reached
}
