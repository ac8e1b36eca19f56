package inventory

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest is the candidate that word most likely stands for; empty where none is near.
func Nearest(word string, candidates []string) string {
	if len(word) > maxName {
		return ""
	}
	plain := func(s string) string {
		return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
	}
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, c := range candidates {
		distance := levenshtein.ComputeDistance(plain(word), plain(c))
		if sortedLetters(plain(word)) == sortedLetters(plain(c)) || len(word) > 2 && strings.HasPrefix(plain(c), plain(word)) {
			distance = min(distance, 1) // letters exchanged, or an abbreviation
		}
		if distance < bestDistance {
			best, bestDistance = c, distance
		}
	}
	return best
}

func sortedLetters(word string) string {
	letters := []byte(word)
	slices.Sort(letters)
	return string(letters)
}

// didYouMean is the question that follows a misspelt word; empty where nothing is near.
func didYouMean(word string, candidates []string) any {
	if n := Nearest(word, candidates); n != "" && n != word {
		return invalid("inventory.meant", n)
	}
	return ""
}
