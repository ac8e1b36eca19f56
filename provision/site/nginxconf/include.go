package nginxconf

// maxFiles bounds what one configuration may include; more of it is a circle.
const maxFiles = 1000

// Expand returns directives with those of the included files in the place of each include. open finds the files of an include;
// one that it does not know stays where it is.
func Expand(list []*Directive, open func(include *Directive) (files []*File, known bool)) []*Directive {
	e := expander{open: open}
	return e.expand(list, 0)
}

type expander struct {
	open  func(*Directive) ([]*File, bool)
	files int
}

func (e *expander) expand(list []*Directive, depth int) []*Directive {
	var all []*Directive
	for _, d := range list {
		if d.Name == "include" && len(d.Args) == 1 && !d.HasBody && depth < maxDepth {
			files, known := e.open(d)
			if e.files += len(files); known && e.files <= maxFiles {
				for _, f := range files {
					all = append(all, e.expand(f.Directives, depth+1)...)
				}
				continue
			}
		}
		if d.HasBody {
			copied := *d
			copied.Block = e.expand(d.Block, depth+1)
			d = &copied
		}
		all = append(all, d)
	}
	return all
}
