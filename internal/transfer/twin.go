package transfer

import (
	"context"
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// existing is a record that a row may be about.
type existing struct {
	id      id.ID
	version int64
}

// matcher knows rows and records to be the same by a key. Of the keys of a file only hashes are held:
// a million rows take 15 MB.
type matcher struct {
	name  string   // email, phone, name, domain, or the field by which a plan finds records
	field string   // by which stored records are asked for
	fetch []string // fields of which the key of a record is made

	row    func(text func(field string) string) (key string, ask []string) // key "": the row has none
	record func(r *door.Record) string

	seed  maphash.Seed
	found map[uint64][]existing // stored records by key
	aimed *firsts               // rows by key, of one run
	asked map[uint64]bool       // keys that wait
	wait  []string              // literals that wait to be asked for
	empty bool                  // nothing is stored
}

func (m *matcher) hash(key string) uint64 { return maphash.String(m.seed, key) }

// prepareMatchers decides by what rows and records are compared: by the key of the plan, or else by
// everything that tells people and companies apart and that the session may filter by.
func (im *importer) prepareMatchers(ctx context.Context) error {
	if im.plan.Mode != "create" {
		im.matchers = []*matcher{keyMatcher(im.plan.Key)}
	} else {
		im.matchers = im.twinMatchers()
	}
	if len(im.matchers) == 0 {
		return nil
	}
	empty := !im.info.Can["read"]
	if !empty {
		p, err := im.s.List(ctx, door.Query{Object: im.plan.Object, Limit: 1, Fields: []string{im.matchers[0].field}})
		if err != nil {
			return err
		}
		empty = len(p.Records) == 0
	}
	seed := maphash.MakeSeed()
	for _, m := range im.matchers {
		m.seed, m.found, m.empty = seed, map[uint64][]existing{}, empty
		m.asked = map[uint64]bool{}
		if len(m.fetch) == 0 {
			m.fetch = []string{m.field}
		}
	}
	return nil
}

func keyMatcher(field string) *matcher {
	return &matcher{
		name: field, field: field,
		row: func(text func(string) string) (string, []string) {
			t := text(field)
			return plain(t), []string{t}
		},
		record: func(r *door.Record) string { return plain(r.Text(field)) },
	}
}

func (im *importer) twinMatchers() []*matcher {
	var list []*matcher
	has := func(names ...string) bool {
		for _, n := range names {
			if !im.fills(n) || !filterable(im.info, n) {
				return false
			}
		}
		return true
	}
	if has("email") {
		list = append(list, keyMatcher("email"))
	}
	if has("phone") {
		list = append(list, phoneMatcher())
	}
	switch o := im.info.Object; {
	case o.Name == "company":
		if has("name") {
			list = append(list, keyMatcher("name"))
		}
		if has("website") {
			list = append(list, domainMatcher())
		}
	case has("last_name") && has("company"):
		list = append(list, nameMatcher("company", "company.name"))
	case has("last_name") && has("company_name"):
		list = append(list, nameMatcher("company_name", "company_name"))
	}
	return list
}

// fills reports whether a column goes to a field.
func (im *importer) fills(field string) bool {
	for _, c := range im.columns {
		if c.field != nil && c.part == "" && (c.field.Name == field || c.full && field == "first_name") {
			return true
		}
	}
	return false
}

func phoneMatcher() *matcher {
	return &matcher{
		name: "phone", field: "phone",
		row: func(text func(string) string) (string, []string) {
			t := text("phone")
			d := phoneDigits(t)
			return d, append([]string{t}, spellings(d)...)
		},
		record: func(r *door.Record) string { return phoneDigits(r.Text("phone")) },
	}
}

// phoneDigits are the digits of a number without what stands before a number abroad: 00, and the 86 of
// a Chinese mobile number. Fewer than six name nobody.
func phoneDigits(text string) string {
	d := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	d = strings.TrimPrefix(d, "00")
	if len(d) == 13 && strings.HasPrefix(d, "861") {
		d = d[2:]
	}
	if len(d) < 6 {
		return ""
	}
	return d
}

// spellings are the usual ways to write a number, because what is stored is found as it was written.
func spellings(digits string) []string {
	list := []string{digits, "+" + digits}
	switch {
	case len(digits) == 11 && digits[0] == '1' && digits[1] != '1': // a mobile number in China, or one in North America with its 1
		a, b, c := digits[:3], digits[3:7], digits[7:]
		for _, before := range []string{"", "+86", "+86 ", "+86-", "86"} {
			list = append(list, before+digits, before+a+" "+b+" "+c, before+a+"-"+b+"-"+c)
		}
		list = append(list, "+1 "+digits[1:4]+"-"+digits[4:7]+"-"+digits[7:], "+1 ("+digits[1:4]+") "+digits[4:7]+"-"+digits[7:])
	case len(digits) == 10: // a number in North America
		a, b, c := digits[:3], digits[3:6], digits[6:]
		list = append(list, a+"-"+b+"-"+c, "("+a+") "+b+"-"+c, a+" "+b+" "+c, a+"."+b+"."+c)
	}
	return list
}

// domainMatcher compares the hosts of websites.
func domainMatcher() *matcher {
	return &matcher{
		name: "domain", field: "website",
		row: func(text func(string) string) (string, []string) {
			t := text("website")
			h := host(t)
			return h, []string{t, h, "www." + h, "http://" + h, "https://" + h, "http://www." + h, "https://www." + h}
		},
		record: func(r *door.Record) string { return host(r.Text("website")) },
	}
}

func host(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if _, after, ok := strings.Cut(text, "://"); ok {
		text = after
	}
	if i := strings.IndexAny(text, "/?#:"); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimPrefix(text, "www.")
	if !strings.Contains(text, ".") {
		return ""
	}
	return text
}

// nameMatcher compares a person's name together with the company.
func nameMatcher(company, path string) *matcher {
	return &matcher{
		name: "name", field: "last_name", fetch: []string{"last_name", "first_name", path},
		row: func(text func(string) string) (string, []string) {
			last := text("last_name")
			return nameKey(last, text("first_name"), text(company)), []string{last}
		},
		record: func(r *door.Record) string {
			return nameKey(r.Text("last_name"), r.Text("first_name"), r.Text(path))
		},
	}
}

func nameKey(last, first, company string) string {
	if plain(last) == "" || plain(company) == "" {
		return ""
	}
	return plain(last) + "\x00" + plain(first) + "\x00" + plain(company)
}

// text gives the text that a row has for a field.
func (im *importer) text(row *Row) func(field string) string {
	return func(field string) string {
		for i := range im.columns {
			c := &im.columns[i]
			if c.field == nil || c.part != "" || i >= len(row.Cells) {
				continue
			}
			if c.full && (field == "last_name" || field == "first_name") {
				last, first := splitName(im.cell(c, row.Cells[i]))
				if field == "last_name" {
					return last
				}
				return first
			}
			if c.field.Name == field {
				return im.cell(c, row.Cells[i])
			}
		}
		return ""
	}
}

// remember has the key of a row asked for, together with others.
func (im *importer) remember(ctx context.Context, m *matcher, row *Row) error {
	if m.empty {
		return nil
	}
	key, ask := m.row(im.text(row))
	if key == "" || m.asked[m.hash(key)] {
		return nil
	}
	m.asked[m.hash(key)] = true
	f := im.info.Object.Field(m.field)
	seen := map[string]bool{}
	for _, text := range ask {
		if text != "" && !seen[text] {
			seen[text] = true
			m.wait = append(m.wait, literal(f, text))
		}
	}
	size := 0
	for _, w := range m.wait {
		if size += len(w) + 2; size > maxFilter {
			return im.ask(ctx, m)
		}
	}
	return nil
}

// ask looks up what waits.
func (im *importer) ask(ctx context.Context, m *matcher) error {
	for len(m.wait) > 0 {
		var filter string
		filter, m.wait = inFilter(m.field, m.wait)
		err := each(ctx, im.s, door.Query{Object: im.plan.Object, Filter: filter, Fields: m.fetch}, func(r *door.Record) error {
			key := m.record(r)
			h := m.hash(key)
			for _, x := range m.found[h] {
				if key == "" || x.id == r.ID {
					return nil
				}
			}
			if key != "" && len(m.found[h]) < 3 { // one to change, a second to know that it is not the only one
				m.found[h] = append(m.found[h], existing{r.ID, r.Version})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// aim finds the record that a row is about, and tells whether the row is to be passed over.
func (im *importer) aim(op *door.Operation, row *Row, n int) (skip bool, wrong []fault.Field) {
	if im.plan.Mode != "create" {
		return false, im.aimByKey(op, row, n)
	}
	twin, found := im.twin(row, n)
	if twin == nil {
		return false, nil
	}
	im.result.Duplicates++
	if len(im.result.Twins) < maxTwins {
		im.result.Twins = append(im.result.Twins, *twin)
	}
	switch im.plan.Duplicates {
	case "skip":
		return true, nil
	case "update":
		switch {
		case twin.Other > 0:
			return false, []fault.Field{{Name: twin.By, Reason: "twice", Message: "line " + itoa(twin.Other) + " is about the same: which of the two should stay?"}}
		case len(found) > 1:
			return false, []fault.Field{{Name: twin.By, Reason: "ambiguous", Message: "several records are there already: merge them first, or skip the row"}}
		}
		if before, twice := im.taken[found[0].id]; twice {
			return false, []fault.Field{{Name: twin.By, Reason: "twice", Message: "line " + itoa(int(before)) + " is about the same record: which of the two should stay?"}}
		}
		im.taken[found[0].id] = int32(row.Line) //nolint:gosec // bounded by the file's size
		op.Op, op.ID, op.Version = "update", found[0].id, found[0].version
	}
	return false, nil
}

// twin finds the record or the earlier row that is about the same as this row.
func (im *importer) twin(row *Row, n int) (twin *Twin, found []existing) {
	for _, m := range im.matchers {
		key, _ := m.row(im.text(row))
		if key == "" {
			continue
		}
		h := m.hash(key)
		before, twice := m.aimed.get(h)
		if !twice {
			m.aimed.put(h, int32(n)) //nolint:gosec // at most MaxRows
		}
		switch {
		case twin != nil:
		case twice:
			twin = &Twin{Line: row.Line, By: m.name, Other: int(im.lines[before])}
		case len(m.found[h]) > 0:
			found = m.found[h]
			twin = &Twin{Line: row.Line, By: m.name, Record: found[0].id}
		}
	}
	return twin, found
}

func (im *importer) aimByKey(op *door.Operation, row *Row, n int) []fault.Field {
	m := im.matchers[0]
	name := im.plan.Key
	for _, c := range im.columns {
		if c.field != nil && c.field.Name == im.plan.Key {
			name = c.title
		}
	}
	key, _ := m.row(im.text(row))
	h := m.hash(key)
	found := m.found[h]
	before, twice := m.aimed.get(h)
	switch {
	case key == "":
		return []fault.Field{{Name: name, Reason: "required", Message: "is needed to find the record"}}
	case twice: // which of the two should stay?
		return []fault.Field{{Name: name, Reason: "twice", Message: "line " + itoa(int(im.lines[before])) + " has the same value"}}
	case len(found) > 1:
		return []fault.Field{{Name: name, Reason: "ambiguous", Message: strconv.Itoa(len(found)) + " records or more have this value"}}
	case len(found) == 1:
		op.Op, op.ID, op.Version = "update", found[0].id, found[0].version
	case im.plan.Mode == "update":
		return []fault.Field{{Name: name, Reason: "no_such_record", Message: "no record has this value"}}
	}
	m.aimed.put(h, int32(n)) //nolint:gosec // at most MaxRows
	return nil
}
