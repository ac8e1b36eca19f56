package language

func enHelp() words {
	return words{}
}
