package language

func zhInventory() words {
	return words{}
}
