package language

func zhTransfer() words {
	return words{}
}
