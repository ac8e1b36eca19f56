package language

func zhHelp() words {
	return words{}
}
