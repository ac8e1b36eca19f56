package language

func enInventory() words {
	return words{}
}
