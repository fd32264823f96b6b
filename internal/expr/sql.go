package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Dialect is the engine that SQL is for.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota
	Postgres
)

// Target is where SQL puts what it needs: values are bound, never written into the text.
type Target interface {
	// Mark binds a value and returns its placeholder.
	Mark(v any) string
	// Alias returns the table alias of the record that a path of lookups leads to, joining it, with
	// only the rows that the session may see, where that was not done yet. The empty path is the
	// record itself.
	Alias(path []string) (string, error)
	// Aside is Alias for the table that holds the record's encrypted fields in a form that can be
	// searched (Var.Aside).
	Aside(path []string) (string, error)
}

// SQL returns the condition for a WHERE clause. It is true or not true exactly where Match is true
// or false. An expression that only Match can evaluate is refused with kind Invalid.
func (x *Expr) SQL(d Dialect, s Session, t Target) (string, error) {
	c := &compiler{d: d, s: s, t: t}
	return c.condition(x.root, false)
}

type compiler struct {
	d     Dialect
	s     Session
	t     Target
	parts int
}

// maxParts is how many parts a condition may have in SQL, where "a ? b : c" needs a twice.
const maxParts = 2 * MaxNodes

func refuse(reason, format string, args ...any) error {
	return fault.New(fault.Invalid, reason, format, args...)
}

// condition compiles a node, or its complement. Negation goes down to the comparisons, where the
// complement says what it means for an absent value; SQL's own NOT would keep NULL as unknown.
func (c *compiler) condition(n *node, negated bool) (string, error) {
	if c.parts++; c.parts > maxParts {
		return "", fault.New(fault.TooLarge, "costly_expression", "the expression is too costly: use fewer conditions of the form a ? b : c inside of each other")
	}
	if n.free() {
		v, err := (&evaluator{s: c.s}).eval(n)
		if b, _ := v.(bool); b != negated {
			return "1=1", err
		}
		return "1=0", err
	}
	switch n.op {
	case opNot:
		return c.condition(n.args[0], !negated)
	case opAnd, opOr:
		word := " AND "
		if (n.op == opOr) != negated {
			word = " OR "
		}
		return c.join(n.args, negated, word)
	case opIf: // when a then b else c is (a and b) or (not a and c)
		when, then, other := n.args[0], n.args[1], n.args[2]
		yes, err := c.pair(when, false, then, negated)
		if err != nil {
			return "", err
		}
		no, err := c.pair(when, true, other, negated)
		return "(" + yes + " OR " + no + ")", err
	case opEq:
		return c.equal(n, negated)
	case opLess, opLessEq:
		return c.less(n, negated)
	case opIn:
		return c.in(n, negated)
	case opInTeams:
		return c.inTeams(n, negated)
	case opContains, opStarts, opEnds, opHasKey:
		return c.find(n, negated)
	case opField:
		col, err := c.column(n, false)
		if err != nil {
			return "", err
		}
		return c.orNull(col+" = "+c.t.Mark(!negated), col, negated), nil
	}
	return "", refuse("not_filterable", "a filter cannot calculate with fields; put the calculation into a formula field")
}

func (c *compiler) pair(a *node, notA bool, b *node, notB bool) (string, error) {
	l, err := c.condition(a, notA)
	if err != nil {
		return "", err
	}
	r, err := c.condition(b, notB)
	return "(" + l + " AND " + r + ")", err
}

func (c *compiler) join(args []*node, negated bool, word string) (string, error) {
	parts := make([]string, 0, len(args))
	for _, a := range args {
		p, err := c.condition(a, negated)
		if err != nil {
			return "", err
		}
		parts = append(parts, p)
	}
	return "(" + strings.Join(parts, word) + ")", nil
}

// orNull adds to a complement that an absent value fulfils it too.
func (c *compiler) orNull(text, col string, negated bool) string {
	if !negated {
		return text
	}
	return "(" + text + " OR " + col + " IS NULL)"
}

// column returns the column of a field, or of its folded text.
func (c *compiler) column(n *node, fold bool) (string, error) {
	if n.op != opField {
		return "", refuse("not_filterable", "a filter cannot calculate with fields; put the calculation into a formula field")
	}
	v := n.path.v
	if v.Sealed {
		return "", refuse("sealed_field", "%s is encrypted under a key of its own: it cannot be filtered by", v.Name)
	}
	find := c.t.Alias
	if v.Aside {
		find = c.t.Aside
	}
	alias, err := find(n.path.via)
	if err != nil {
		return "", err
	}
	if fold && v.Fold != "" {
		return alias + "." + v.Fold, nil
	}
	return alias + "." + v.Column, nil
}

// bound evaluates a node that reads no field and returns the value as the engine takes it.
func (c *compiler) bound(n *node, fold bool) (any, error) {
	v, err := (&evaluator{s: c.s}).eval(n)
	switch x := v.(type) {
	case string:
		if fold {
			return Fold(x), err
		}
	case id.ID:
		return x[:], err
	}
	return v, err
}

func (c *compiler) equal(n *node, negated bool) (string, error) {
	l, r := n.args[0], n.args[1]
	if l.free() {
		l, r = r, l
	}
	col, err := c.column(l, n.fold)
	if err != nil {
		return "", err
	}
	if !r.free() {
		other, err := c.column(r, n.fold)
		if err != nil {
			return "", err
		}
		if negated {
			return "(" + col + " <> " + other + " OR (" + col + " IS NULL) <> (" + other + " IS NULL))", nil
		}
		return "(" + col + " = " + other + " OR (" + col + " IS NULL AND " + other + " IS NULL))", nil
	}
	v, err := c.bound(r, n.fold)
	switch {
	case err != nil:
		return "", err
	case v == nil && negated:
		return col + " IS NOT NULL", nil
	case v == nil:
		return col + " IS NULL", nil
	case negated:
		return c.orNull(col+" <> "+c.t.Mark(v), col, true), nil
	}
	return col + " = " + c.t.Mark(v), nil
}

func (c *compiler) less(n *node, negated bool) (string, error) {
	sign := map[[2]bool]string{{false, false}: " < ", {true, false}: " <= ", {false, true}: " >= ", {true, true}: " > "}[[2]bool{n.op == opLessEq, negated}]
	var sides, nulls []string
	for _, a := range n.args {
		if a.free() {
			v, err := c.bound(a, n.fold)
			if err != nil {
				return "", err
			}
			if v == nil { // nothing is less than an absent value
				return map[bool]string{false: "1=0", true: "1=1"}[negated], nil
			}
			sides = append(sides, c.t.Mark(v))
			continue
		}
		col, err := c.column(a, n.fold)
		if err != nil {
			return "", err
		}
		sides = append(sides, col)
		nulls = append(nulls, col+" IS NULL")
	}
	text := sides[0] + sign + sides[1]
	if negated {
		text = "(" + text + " OR " + strings.Join(nulls, " OR ") + ")"
	}
	return text, nil
}

func (c *compiler) in(n *node, negated bool) (string, error) {
	col, err := c.column(n.args[0], n.fold)
	if err != nil {
		return "", err
	}
	var marks []string
	null := false
	for _, a := range n.args[1:] {
		v, err := c.bound(a, n.fold)
		if err != nil {
			return "", err
		}
		if v == nil {
			null = true
			continue
		}
		marks = append(marks, c.t.Mark(v))
	}
	list := "(" + strings.Join(marks, ", ") + ")"
	switch {
	case len(marks) == 0 && null == negated:
		return map[bool]string{true: col + " IS NOT NULL", false: "1=0"}[null], nil
	case len(marks) == 0:
		return map[bool]string{true: col + " IS NULL", false: "1=1"}[null], nil
	case negated && null:
		return "(" + col + " NOT IN " + list + " AND " + col + " IS NOT NULL)", nil
	case negated:
		return "(" + col + " NOT IN " + list + " OR " + col + " IS NULL)", nil
	case null:
		return "(" + col + " IN " + list + " OR " + col + " IS NULL)", nil
	}
	return col + " IN " + list, nil
}

func (c *compiler) inTeams(n *node, negated bool) (string, error) {
	col, err := c.column(n.args[0], false)
	if err != nil {
		return "", err
	}
	v, err := (&evaluator{s: c.s}).eval(n.args[1])
	if err != nil {
		return "", err
	}
	list, _ := v.([]id.ID)
	if len(list) == 0 {
		return map[bool]string{false: "1=0", true: "1=1"}[negated], nil
	}
	marks := make([]string, len(list))
	for i, x := range list {
		marks[i] = c.t.Mark(x[:])
	}
	word := " IN ("
	if negated {
		word = " NOT IN ("
	}
	return c.orNull(col+word+strings.Join(marks, ", ")+")", col, negated), nil
}

// lastRune is above every rune that a text may hold, so that it ends the range of a prefix.
const lastRune = string(utf8.MaxRune)

func (c *compiler) find(n *node, negated bool) (string, error) {
	col, err := c.column(n.args[0], n.fold)
	if err != nil {
		return "", err
	}
	v, err := c.bound(n.args[1], n.fold)
	if err != nil {
		return "", err
	}
	what, _ := v.(string)
	in := "instr(" + col + ", "
	if c.d == Postgres {
		in = "strpos(" + col + ", "
	}
	var text string
	switch n.op {
	case opHasKey:
		text = in + c.t.Mark("|"+what+"|") + ") > 0"
	case opStarts: // a range, so that an index serves it
		text = "(" + col + " >= " + c.t.Mark(what) + " AND " + col + " < " + c.t.Mark(what+lastRune) + ")"
	case opEnds:
		length := utf8.RuneCountInString(what)
		if c.d == Postgres {
			text = "right(" + col + ", " + c.t.Mark(int64(length)) + "::int) = " + c.t.Mark(what)
		} else {
			text = "substr(" + col + ", " + c.t.Mark(int64(-length)) + ") = " + c.t.Mark(what)
		}
	default:
		text = in + c.t.Mark(what) + ") > 0"
	}
	if negated {
		text = "NOT " + "(" + text + ")"
	}
	return c.orNull(text, col, negated), nil
}
