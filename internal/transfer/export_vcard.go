package transfer

import (
	"bufio"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

// cards writes people as vCards: version 4.0 (RFC 6350) or 3.0 (RFC 2426), in UTF-8.
type cards struct {
	w   *bufio.Writer
	t   *table
	old bool // 3.0
}

// cardFields are the fields that a vCard has a place for.
func cardFields(object string) []string {
	both := []string{"last_name", "first_name", "salutation", "position", "email", "phone", "address", "description", "updated_at"}
	switch object {
	case "contact":
		return append(both, "company.name", "department", "wechat", "birthday")
	case "lead":
		return append(both, "company_name", "website")
	}
	return nil
}

// chooseCard finds the fields of a card: those that were named, or all that may be read.
func (t *table) chooseCard(list []door.ObjectInfo, info *door.ObjectInfo, r *Request) error {
	all := cardFields(info.Object.Name)
	if all == nil {
		return fault.InField("format", "no_person", "vCards are made of contacts and leads; use another format for %s", info.Object.Name)
	}
	for _, name := range r.Fields {
		if !slices.Contains(all, name) {
			return fault.InField("fields", "no_place", "a vCard has no place for %s; it takes %s", name, strings.Join(all, ", "))
		}
	}
	for _, name := range all {
		f, _ := resolveField(list, info, name)
		wanted := len(r.Fields) == 0 || slices.Contains(r.Fields, name)
		if f != nil && wanted && reachable(info, name) {
			t.names = append(t.names, name)
		}
	}
	if len(r.Fields) > len(t.names) {
		return fault.InField("fields", "unknown_field", "one of the fields is not there")
	}
	r.Fields = t.names
	return nil
}

func (c *cards) record(r *door.Record) error {
	_ = c.line("BEGIN", "VCARD") // the last line tells of an error
	version, mail := "4.0", "EMAIL"
	if c.old {
		version, mail = "3.0", "EMAIL;TYPE=INTERNET"
	}
	_ = c.line("VERSION", version)
	last, first := r.Text("last_name"), r.Text("first_name")
	_ = c.line("N", parts5(last, first, "", r.Text("salutation"), ""))
	_ = c.line("FN", escapeCard(fullName(last, first, r)))
	company := r.Text("company.name") + r.Text("company_name") // an object has one of them
	if department := r.Text("department"); company != "" || department != "" {
		_ = c.line("ORG", strings.TrimSuffix(escapeCard(company)+";"+escapeCard(department), ";"))
	}
	for _, p := range [][2]string{
		{"TITLE", "position"}, {mail, "email"}, {"TEL", "phone"}, {"X-WECHAT", "wechat"}, {"NOTE", "description"},
	} {
		if text := r.Text(p[1]); text != "" {
			_ = c.line(p[0], escapeCard(text))
		}
	}
	if text := r.Text("website"); text != "" {
		_ = c.line("URL", text) // a URI is not escaped; no URL of ours holds a line break
	}
	c.address(r)
	c.moments(r)
	if c.old {
		_ = c.line("UID", r.ID.String())
	} else {
		_ = c.line("UID", "urn:uuid:"+r.ID.String())
	}
	return c.line("END", "VCARD")
}

func (c *cards) address(r *door.Record) {
	switch a := r.Value("address").(type) {
	case schema.Address:
		_ = c.line("ADR", ";;"+parts5(a.Street, a.City, a.State, a.PostalCode, a.Country))
	case door.Masked:
		_ = c.line("ADR", ";;"+parts5(string(a), "", "", "", ""))
	}
}

func (c *cards) moments(r *door.Record) {
	if d, ok := r.Value("birthday").(schema.Date); ok {
		text := d.String()
		if !c.old {
			text = strings.ReplaceAll(text, "-", "") // RFC 6350, 4.3.1
		}
		_ = c.line("BDAY", text)
	}
	if at, ok := r.Value("updated_at").(schema.Time); ok {
		text, _, _ := strings.Cut(strings.TrimSuffix(at.String(), "Z"), ".")
		if !c.old {
			text = strings.NewReplacer("-", "", ":", "").Replace(text)
		}
		_ = c.line("REV", text+"Z")
	}
}

func (c *cards) end() error { return nil }

func (c *cards) most() int { return MaxExport }

// fullName is what a list of addresses shows: Chinese names without a space, the family name first.
func fullName(last, first string, r *door.Record) string {
	name := strings.TrimSpace(first + " " + last)
	if strings.ContainsFunc(last, func(x rune) bool { return unicode.Is(unicode.Han, x) }) {
		name = last + first
	}
	for _, other := range []string{"email", "company.name", "company_name"} {
		if name == "" {
			name = r.Text(other)
		}
	}
	if name == "" {
		name = r.ID.String() // FN must not be empty
	}
	return name
}

// parts5 joins the five parts of a name or an address.
func parts5(list ...string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = escapeCard(s)
	}
	return strings.Join(out, ";")
}

func escapeCard(s string) string {
	return strings.NewReplacer("\\", "\\\\", ";", "\\;", ",", "\\,", "\r\n", "\\n", "\n", "\\n", "\r", "\\n").Replace(s)
}

// foldAt is the length of a line in bytes, after which it goes on in the next (RFC 6350, 3.2).
const foldAt = 75

func (c *cards) line(name, value string) error {
	text := name + ":" + value
	for limit := foldAt; len(text) > limit; limit = foldAt - 1 { // the space counts
		n := limit
		for n > 1 && !utf8.RuneStart(text[n]) {
			n--
		}
		_, _ = c.w.WriteString(text[:n] + "\r\n ") // the last write tells of an error
		text = text[n:]
	}
	_, err := c.w.WriteString(text + "\r\n")
	return err
}
