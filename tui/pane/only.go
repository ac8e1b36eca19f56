package pane

// Only shows, of the lines that are held and of those that come, the ones that keep says; nil: all. keep is asked of one line after the
// other.
func (p *Pane) Only(keep func(Line) bool) {
	if p.all == nil {
		all := p.ring
		p.all = &all
	}
	p.keep, p.ring, p.top, p.follow = keep, ring{}, position{}, true
	if keep == nil {
		p.ring, p.all = *p.all, nil
		return
	}
	for n := p.all.first; n < p.all.next; n++ {
		if line := p.all.at(n); keep(line) {
			p.ring.append(line)
		}
	}
}

// add takes a line that comes.
func (p *Pane) add(l Line) {
	if p.all != nil {
		p.all.append(l)
	}
	if p.keep == nil || p.keep(l) {
		p.ring.append(l)
	}
}
