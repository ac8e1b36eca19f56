package language

func zhState() words {
	return words{}
}
