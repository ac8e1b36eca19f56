package language

func enTransfer() words {
	return words{}
}
