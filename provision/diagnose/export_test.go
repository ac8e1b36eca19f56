package diagnose

// Patterned are the codes of the entries that read what others print.
func Patterned() []string {
	var codes []string
	for _, e := range known().entries {
		if len(e.Match) > 0 {
			codes = append(codes, e.Code)
		}
	}
	return codes
}
