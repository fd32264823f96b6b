package transfer

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

// vCard 2.1 (versit, 1996), 3.0 (RFC 2426) and 4.0 (RFC 6350), read by one reader: what is written of
// a person is much the same in all three (docs/decisions/0014-import-files.md says why no library reads it).

// cardColumns are the columns that cards make a table of. Their names are those of the fields.
func cardColumns() []string {
	return []string{"last_name", "first_name", "salutation", "company", "department", "position", "email", "email 2", "phone", "phone 2", "address", "birthday", "website", "description", "uid"}
}

// readCards reads a file that begins as a vCard does.
func readCards(src Source, w writing) (*Table, bool, error) {
	in, err := w.open(src)
	if err != nil {
		return nil, false, err
	}
	defer in.close()
	for {
		x, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, false, nil
		case err != nil:
			return nil, false, err
		case strings.TrimSpace(x.text) == "":
			continue
		case !strings.EqualFold(strings.ReplaceAll(x.text, " ", ""), "BEGIN:VCARD"):
			return nil, false, nil
		}
		break
	}
	t := &Table{Format: "vcard", Columns: cardColumns()}
	t.rows = func(note func(Note)) (rowReader, error) {
		in, err := w.open(src)
		if err != nil {
			return nil, err
		}
		return &cardReader{in: in, note: note}, nil
	}
	return t, true, nil
}

// property is a line of a card.
type property struct {
	line   int
	name   string // capital letters, without its group
	params []string
	value  string // as written
}

// is reports whether a property has a parameter such as CELL, in any of the ways to write it.
func (p *property) is(word string) bool {
	return slices.ContainsFunc(p.params, func(x string) bool {
		_, value, named := strings.Cut(x, "=")
		if !named {
			value = x
		}
		return slices.ContainsFunc(strings.Split(strings.Trim(value, `"`), ","), func(v string) bool { return strings.EqualFold(strings.Trim(v, `" `), word) })
	})
}

func (p *property) param(name string) string {
	for _, x := range p.params {
		if n, v, ok := strings.Cut(x, "="); ok && strings.EqualFold(n, name) {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// first reports whether the owner prefers this one: PREF, or PREF=1.
func (p *property) first() bool { return p.is("PREF") || p.param("PREF") == "1" }

// cardReader makes a row of each card.
type cardReader struct {
	in   *lines
	note func(Note)
}

// Close implements io.Closer.
func (c *cardReader) Close() error { return c.in.close() }

// maxProperties bounds a card.
const maxProperties = 5000

func (c *cardReader) next() (*Row, error) {
	begin, err := c.begin()
	if err != nil {
		return nil, err
	}
	var list []property
	for depth := 1; ; {
		p, err := c.property()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fault.New(fault.Invalid, "card_not_ended", "the card that begins in line %d has no END:VCARD: the file was cut off, export it anew", begin)
		case err != nil:
			return nil, err
		case p == nil:
		case p.name == "BEGIN": // a card within a card (AGENT in 2.1) is somebody else
			depth++
		case p.name == "END":
			if depth--; depth == 0 {
				return c.row(begin, list), nil
			}
		case depth == 1:
			if list = append(list, *p); len(list) > maxProperties {
				return nil, fault.New(fault.TooLarge, "card_too_large", "the card that begins in line %d has more than %d lines", begin, maxProperties)
			}
		}
	}
}

// begin finds the next card.
func (c *cardReader) begin() (int, error) {
	for {
		x, err := c.in.next()
		switch {
		case err != nil:
			return 0, err
		case strings.EqualFold(strings.ReplaceAll(x.text, " ", ""), "BEGIN:VCARD"):
			return x.n, nil
		case strings.TrimSpace(x.text) != "":
			return 0, fault.New(fault.Invalid, "no_card", "line %d stands between two cards and belongs to none: take it out", x.n)
		}
	}
}

// property reads one property with the lines that continue it; nil for a line that is none.
func (c *cardReader) property() (*property, error) {
	x, err := c.in.next()
	if err != nil {
		return nil, err
	}
	p := parseProperty(x)
	if p != nil && strings.EqualFold(p.param("ENCODING"), "QUOTED-PRINTABLE") || p != nil && p.is("QUOTED-PRINTABLE") {
		return p, c.softBreaks(p)
	}
	text := x.text
	for { // folded lines begin with a space; between them some programs leave empty ones
		more, err := c.in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(more.text) == "" {
			continue
		}
		if more.text[0] != ' ' && more.text[0] != '\t' {
			c.in.unread([]line{more})
			break
		}
		if text += more.text[1:]; len(text) > maxLine {
			return nil, fault.New(fault.TooLarge, "cell_too_large", "line %d: a value is larger than %d MB", x.n, maxLine>>20)
		}
	}
	return parseProperty(line{x.n, text}), nil
}

// softBreaks adds the lines that a quoted-printable value goes on in: each line but the last one ends
// with =.
func (c *cardReader) softBreaks(p *property) error {
	for strings.HasSuffix(p.value, "=") {
		more, err := c.in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.value = p.value[:len(p.value)-1] + more.text; len(p.value) > maxLine {
			return fault.New(fault.TooLarge, "cell_too_large", "line %d: a value is larger than %d MB", p.line, maxLine>>20)
		}
	}
	return nil
}

func parseProperty(x line) *property {
	colon, quoted := -1, false
	for i := range len(x.text) {
		if x.text[i] == '"' {
			quoted = !quoted
		}
		if x.text[i] == ':' && !quoted {
			colon = i
			break
		}
	}
	if colon <= 0 {
		return nil
	}
	parts := strings.Split(x.text[:colon], ";")
	name := strings.ToUpper(strings.TrimSpace(parts[0]))
	if _, after, ok := strings.Cut(name, "."); ok {
		name = after
	}
	return &property{line: x.n, name: name, params: parts[1:], value: x.text[colon+1:]}
}

// decoded is the value without its transfer encoding. What cannot be decoded is an error.
func (p *property) decoded() (string, bool) {
	b := []byte(p.value)
	switch {
	case p.is("QUOTED-PRINTABLE"):
		plain, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(b)))
		if err != nil {
			return "", false
		}
		b = plain
	case p.is("BASE64"), p.is("B"):
		plain, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(p.value, " ", ""))
		if err != nil {
			return "", false
		}
		b = plain
	}
	if set := p.param("CHARSET"); set != "" && (p.is("QUOTED-PRINTABLE") || p.is("BASE64") || p.is("B")) {
		e, err := htmlindex.Get(set)
		if err != nil {
			return "", false
		}
		if b, err = e.NewDecoder().Bytes(b); err != nil {
			return "", false
		}
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(string(b), "\ufffd"), "\r\n", "\n")
	return text, !strings.ContainsAny(text, "\x00\ufffd")
}

// parts splits a structured value at semicolons and takes the escapes off its parts.
func parts(text string) []string {
	var list []string
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == ';':
			list = append(list, strings.TrimSpace(b.String()))
			b.Reset()
		case text[i] == '\\' && i+1 < len(text):
			i++
			if text[i] == 'n' || text[i] == 'N' {
				b.WriteByte('\n')
			} else {
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return append(list, strings.TrimSpace(b.String()))
}

func part(list []string, n int) string {
	if n < len(list) {
		return list[n]
	}
	return ""
}

// row makes a row of a card's properties.
func (c *cardReader) row(line int, list []property) *Row {
	row := &Row{Line: line}
	v := map[string]string{}
	seen := map[string][]property{}
	var lost []property
	for _, p := range list {
		if !slices.Contains([]string{"N", "FN", "ORG", "TITLE", "ROLE", "EMAIL", "TEL", "ADR", "BDAY", "URL", "NOTE", "UID"}, p.name) {
			continue
		}
		text, ok := p.decoded()
		if !ok {
			lost = append(lost, p)
			continue
		}
		p.value = text
		seen[p.name] = append(seen[p.name], p)
	}
	for _, p := range lost {
		if len(seen[p.name]) > 0 {
			c.note(Note{Line: p.line, Text: "this line of a card cannot be decoded and was left out; the card has another one of its kind", Code: "card_line"})
			continue
		}
		row.Wrong = append(row.Wrong, fault.Field{Name: p.name, Reason: "bad_encoding", Message: fmt.Sprintf("line %d cannot be decoded: export the card anew as vCard 3.0", p.line)})
	}
	for _, same := range seen { // the ones that their owner prefers come first
		slices.SortStableFunc(same, func(a, b property) int { return rank(&a) - rank(&b) })
	}
	one := func(name string) []string {
		if len(seen[name]) == 0 {
			return nil
		}
		return parts(seen[name][0].value)
	}
	name := one("N")
	v["last_name"], v["first_name"], v["salutation"] = part(name, 0), strings.TrimSpace(part(name, 1)+" "+strings.ReplaceAll(part(name, 2), ",", " ")), part(name, 3)
	if v["last_name"] == "" {
		c.shown(v, strings.Join(one("FN"), ";"), line)
	}
	org := one("ORG")
	v["company"], v["department"] = part(org, 0), part(org, 1)
	if v["position"] = strings.Join(one("TITLE"), ";"); v["position"] == "" {
		v["position"] = strings.Join(one("ROLE"), ";")
	}
	v["birthday"] = birthday(strings.Join(one("BDAY"), ""))
	v["uid"] = strings.Join(one("UID"), ";")
	v["address"] = address(seen["ADR"])
	if len(seen["URL"]) > 0 {
		v["website"] = strings.Join(parts(seen["URL"][0].value), ";")
	}
	var notes []string
	for _, p := range seen["NOTE"] {
		notes = append(notes, strings.Join(parts(p.value), ";"))
	}
	v["description"] = strings.Join(slices.Compact(notes), "\n\n")
	c.pair(v, "email", line, seen["EMAIL"])
	c.pair(v, "phone", line, phones(seen["TEL"]))
	for _, column := range cardColumns() {
		row.Cells = append(row.Cells, strings.TrimSpace(v[column]))
	}
	return row
}

// shown takes the name from the form in which it is shown: the last word is the family name, where
// there are several; a name in Chinese characters stays whole.
func (c *cardReader) shown(v map[string]string, text string, line int) {
	words := strings.Fields(text)
	if len(words) == 0 || v["first_name"] != "" && len(words) == 1 {
		v["last_name"], v["first_name"] = v["first_name"], "" // one word is all there is
		return
	}
	v["last_name"], v["first_name"] = words[len(words)-1], strings.Join(words[:len(words)-1], " ")
	if len(words) > 1 && !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		c.note(Note{Line: line, Text: "the card does not say which part of the name is the family's; the last word was taken for it", Code: "card_name"})
	}
}

// pair takes the first two of several values.
func (c *cardReader) pair(v map[string]string, name string, line int, list []property) {
	var texts []string
	for _, p := range list {
		text := strings.TrimSpace(strings.Join(parts(p.value), ";"))
		for _, scheme := range []string{"tel:", "mailto:"} {
			if rest, ok := strings.CutPrefix(text, scheme); ok {
				text = strings.ReplaceAll(rest, ";ext=", " ext ")
			}
		}
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	v[name], v[name+" 2"] = part(texts, 0), part(texts, 1)
	if len(texts) > 2 {
		c.note(Note{Line: line, Text: fmt.Sprintf("the card has %d values for %s; two were taken", len(texts), name), Code: "card_values", Column: name})
	}
}

// rank orders values of one kind: what the owner prefers, mobile numbers, the rest.
func rank(p *property) int {
	switch {
	case p.first():
		return 0
	case p.is("CELL"):
		return 1
	}
	return 2
}

// phones leaves facsimile and pagers out.
func phones(list []property) []property {
	kept := slices.DeleteFunc(slices.Clone(list), func(p property) bool { return p.is("FAX") || p.is("PAGER") })
	return kept
}

// birthday is the day without its time; without a year (--0203) it is none.
func birthday(text string) string {
	text, _, _ = strings.Cut(text, "T")
	if strings.HasPrefix(text, "--") {
		return ""
	}
	return text
}

// address takes the address of the office, or the first one.
func address(list []property) string {
	if len(list) == 0 {
		return ""
	}
	best := list[0]
	for _, p := range list {
		if p.is("WORK") && !best.is("WORK") {
			best = p
		}
	}
	a := parts(best.value)
	street := strings.TrimSpace(strings.Join(slices.DeleteFunc([]string{part(a, 2), part(a, 1), part(a, 0)}, func(s string) bool { return s == "" }), ", "))
	return addressText(strings.ReplaceAll(street, "\n", ", "), part(a, 3), part(a, 4), part(a, 5), part(a, 6))
}

// addressText writes an address as Field.ParseText reads it.
func addressText(street, city, state, code, country string) string {
	a := schema.Address{Street: street, City: city, State: state, PostalCode: code, Country: country}
	if a == (schema.Address{}) {
		return ""
	}
	b, err := json.Marshal(a)
	if err != nil {
		return ""
	}
	return string(b)
}
