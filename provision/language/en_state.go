package language

func enState() words {
	return words{}
}
