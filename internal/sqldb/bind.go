package sqldb

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/fault"
)

// Rebind numbers the `?` placeholders of a statement: `?1 ?2 …` for SQLite, `$1 $2 …` for
// PostgreSQL. A `?` that already has a number, or stands in a quoted text, stays. Never write `$1`
// for SQLite: there it is a name, numbered by first appearance, and finds wrong rows silently.
func Rebind(engine Engine, query string) string {
	if !strings.Contains(query, "?") {
		return query
	}
	mark := byte('?')
	if engine == Postgres {
		mark = '$'
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	n, quote := 0, byte(0)
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			b.WriteByte(c)
		case c == '\'' || c == '"':
			quote = c
			b.WriteByte(c)
		case c == '?' && (i+1 == len(query) || query[i+1] < '0' || query[i+1] > '9'):
			n++
			b.WriteByte(mark)
			b.WriteString(strconv.Itoa(n))
		case c == '?':
			b.WriteByte(mark)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// checkValues refuses what the engines would store differently. Text is UTF-8 without NUL: PostgreSQL
// takes no other, and SQLite would cut it.
func checkValues(args []any) error {
	for _, v := range args {
		switch v := v.(type) {
		case nil, bool, int, int64, []byte:
		case string:
			if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
				return fault.New(fault.Invalid, "bad_text", "a text holds a NUL character or is not valid UTF-8: remove what is not text")
			}
		default:
			return fault.Wrap(fault.Internal, fmt.Errorf("a value of type %T", v), "bad_value", "internal error")
		}
	}
	return nil
}

// Statement builds a statement from fixed text, identifiers that the program made, and bound values.
// Its text is a template of structure only: no value ever becomes part of it.
type Statement struct {
	text strings.Builder
	args []any
}

// Text adds fixed text or identifiers made by the program.
func (s *Statement) Text(parts ...string) *Statement {
	for _, p := range parts {
		s.text.WriteString(p)
	}
	return s
}

// Bind adds a numbered placeholder for a value.
func (s *Statement) Bind(v any) *Statement {
	s.text.WriteString(s.Mark(v))
	return s
}

// Mark binds a value and returns its placeholder, for text built elsewhere.
func (s *Statement) Mark(v any) string {
	s.args = append(s.args, v)
	return "?" + strconv.Itoa(len(s.args))
}

// BindList adds the placeholders of a list, separated by commas.
func (s *Statement) BindList(vs []any) *Statement {
	for i, v := range vs {
		if i > 0 {
			s.text.WriteByte(',')
		}
		s.Bind(v)
	}
	return s
}

// Query returns the statement's text.
func (s *Statement) Query() string { return s.text.String() }

// Args returns the bound values in order.
func (s *Statement) Args() []any { return s.args }
