package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/found"
)

// The rows that every side holds in the HTTP part are made from their number alone: the same for all.

// person is a contact. Last names are of other letters than everything else, so that what is found by
// a piece of one is found by nothing else.
type person struct {
	First, Last, Email, Phone, Position string
	Company                             int
}

// sale is a deal.
type sale struct {
	Name   string
	Stage  int
	Amount int // whole units
	Close  string
}

// mixed spreads numbers, the same way each time.
func mixed(n int) int {
	x := uint64(n) * 0x9E3779B97F4A7C15 //nolint:gosec // wraps around
	x ^= x >> 29
	x *= 0xBF58476D1CE4E5B9
	return int(x >> 33) //nolint:gosec // 31 bits
}

const (
	lastNames  = 7_500
	perCompany = 500 // contacts of one company
)

func syllable(letters string, n int) string {
	return string(letters[n/5%len(letters)]) + string("aeiou"[n%5])
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func personOf(i, companies int) person {
	const ofLast, ofFirst = "bdgklmnrstvz", "fhjpwc"
	h := mixed(i)
	k := h % lastNames * 28 // of 60³
	return person{
		First:    capital(syllable(ofFirst, h/lastNames%30) + syllable(ofFirst, h%30)),
		Last:     capital(syllable(ofLast, k/3600) + syllable(ofLast, k/60%60) + syllable(ofLast, k%60)),
		Email:    fmt.Sprintf("p%d@example.com", i),
		Phone:    fmt.Sprintf("+86138%08d", i%100_000_000),
		Position: []string{"Buyer", "Chief", "Expert", "Officer"}[h%4],
		Company:  i % companies,
	}
}

func saleOf(i int) sale {
	h := mixed(i + 1<<30)
	return sale{"Deal " + strconv.Itoa(i), i % len(found.Stages()), 1 + h%1_000_000, fmt.Sprintf("2026-%02d-%02d", 1+h%12, 1+h%28)}
}

func companyName(i int) string { return "Company " + strconv.Itoa(i) }

// shape is how many rows there are.
type shape struct{ contacts, deals, companies int }

func shapeOf(records int) shape { return shape{records, records / 5, max(records/perCompany, 1)} }

// maxFile is how many rows are imported from one file: an import is one change set.
const maxFile = 100_000

// files writes an object's rows as CSV, in files of at most maxFile rows.
func files(dir, object string, n int, head string, line func(i int) string) (list []string, err error) {
	for from := 0; from < n; from += maxFile {
		path, err := file(filepath.Join(dir, fmt.Sprintf("%s-%d.csv", object, from)), from, min(n, from+maxFile), head, line)
		if err != nil {
			return nil, err
		}
		list = append(list, path)
	}
	return list, nil
}

// file writes rows from one number to below another as CSV.
func file(path string, from, to int, head string, line func(i int) string) (string, error) {
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	_, _ = io.WriteString(w, head+"\n")
	for i := from; i < to; i++ {
		_, _ = io.WriteString(w, line(i)+"\n")
	}
	return path, errors.Join(w.Flush(), f.Close())
}
