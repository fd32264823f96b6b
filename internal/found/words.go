package found

import (
	"fmt"
	"strings"
)

// words are what the demo company is made of, in one language. All of it is invented; domains and
// numbers are of those that are kept free for examples.
type words struct {
	lang, zone, currency string

	company  string
	teams    []string
	people   [][3]string // name, address, job: owner, manager, three of sales, reader
	products []product
	dealName string // of company and product

	prefixes, kin []string            // of names of companies
	trades        map[string][]string // what a company is called after, by industry
	forms         []string            // legal forms
	cities        [][2]string         // city, country
	streets       []string            // with %d
	firsts, lasts []string
	positions     map[string][]string // by the role in decisions
	departments   []string

	about, wishes, reasons, rivals, next, subjects, notes, calls, said, places []string

	meetings, tasks, papers []string // with %s
}

type product struct {
	name, code, family, unit string
	price                    int
}

func wordsOf(lang string) *words {
	if lang == "zh" {
		return chinese()
	}
	return english()
}

// companyName returns a name that no other company has.
func (w *words) companyName(i int, industry string, named map[string]bool) string {
	trade := w.trades[industry]
	for n := i; ; n++ {
		var name string
		if w.lang == "zh" {
			name = w.prefixes[n*7%len(w.prefixes)] + w.kin[(n*11+n/30)%len(w.kin)] + trade[n%len(trade)] + w.forms[n%len(w.forms)]
		} else {
			name = strings.TrimSpace(w.prefixes[n*7%len(w.prefixes)] + " " + trade[(n/5)%len(trade)] + " " + w.forms[n%len(w.forms)])
		}
		if !named[name] {
			named[name] = true
			return name
		}
	}
}

// person returns a first and a last name.
func (w *words) person(d *dice) (first, last string) {
	return w.firsts[d.roll(len(w.firsts))], w.lasts[d.roll(len(w.lasts))]
}

// domain is where a company has its mail: a name under a domain that is kept for examples.
func (w *words) domain(i int) string {
	return fmt.Sprintf("c%03d.example.com", i)
}

func (w *words) mailbox(n int) string { return fmt.Sprintf("person%d", n) }

// phone is a number that nobody has.
func (w *words) phone(d *dice) string {
	if w.lang == "zh" {
		return fmt.Sprintf("+86 100 %04d %04d", d.roll(10_000), d.roll(10_000))
	}
	return fmt.Sprintf("+44 20 7946 0%03d", d.roll(1000))
}

func (w *words) street(d *dice) string {
	return fmt.Sprintf(w.streets[d.roll(len(w.streets))], d.between(1, 180))
}
