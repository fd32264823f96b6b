package expr

import (
	"time"

	"cel.dev/cel-go/common/operators"

	"github.com/wardbook/wardbook/internal/id"
)

func (b *builder) logic(at int64, name string, args []*node) (*node, error) {
	conditions := args
	if name == operators.Conditional {
		conditions = args[:1]
	}
	for _, a := range conditions {
		if a.kind != Bool {
			return nil, b.fail(a.at, "want a condition here, this is %s", a.kind)
		}
	}
	switch name {
	case operators.LogicalAnd:
		return &node{op: opAnd, kind: Bool, args: args, at: at}, nil
	case operators.LogicalOr:
		return &node{op: opOr, kind: Bool, args: args, at: at}, nil
	case operators.LogicalNot:
		return not(args[0]), nil
	}
	l, r, err := b.alike(at, args[1], args[2])
	if err != nil {
		return nil, err
	}
	kind := l.kind
	if kind == Nothing {
		kind = r.kind
	}
	return &node{op: opIf, kind: kind, args: []*node{args[0], l, r}, at: at}, nil
}

func (b *builder) compare(at int64, name string, args []*node) (*node, error) {
	l, r, err := b.alike(at, args[0], args[1])
	if err != nil {
		return nil, err
	}
	n := &node{op: opEq, kind: Bool, args: []*node{l, r}, fold: isFolded(l) && isFolded(r), at: at}
	if name == operators.Equals {
		return n, nil
	}
	if name == operators.NotEquals {
		return not(n), nil
	}
	if k := max(l.kind, r.kind); k == Bool || k >= ID {
		return nil, b.fail(at, "%s has no order; use == or !=", k)
	}
	if (l.op == opField && len(l.path.v.Enum) > 0) || (r.op == opField && len(r.path.v.Enum) > 0) {
		return nil, b.fail(at, "a choice has no order; use ==, != or in")
	}
	n.op = opLess
	if name == operators.LessEquals || name == operators.GreaterEquals {
		n.op = opLessEq
	}
	if name == operators.Greater || name == operators.GreaterEquals {
		n.args = []*node{r, l}
	}
	return n, nil
}

// alike makes two nodes comparable: a plain value takes the kind of the other side.
func (b *builder) alike(at int64, l, r *node) (*node, *node, error) {
	var err error
	switch {
	case l.kind == Nothing || r.kind == Nothing:
		return l, r, nil
	case l.kind > Opaque || r.kind > Opaque, l.kind == Opaque, r.kind == Opaque, l.kind == TextList, r.kind == TextList:
		return nil, nil, b.fail(at, "%s cannot be compared with %s", l.kind, r.kind)
	case r.op == opConst:
		r, err = b.coerce(r, l.kind, l.path.v)
	case l.op == opConst:
		l, err = b.coerce(l, r.kind, r.path.v)
	}
	if err != nil {
		return nil, nil, err
	}
	if l.kind != r.kind {
		return nil, nil, b.fail(at, "%s cannot be compared with %s", l.kind, r.kind)
	}
	if l.kind == Text && l.op == opField && r.op == opField && isFolded(l) != isFolded(r) {
		return nil, nil, b.fail(at, "%s and %s compare by different rules", l.path.v.Name, r.path.v.Name)
	}
	return l, r, nil
}

// coerce turns a plain value into the kind of what it is compared with.
func (b *builder) coerce(n *node, kind Kind, v Var) (*node, error) {
	c := *n
	c.kind = kind
	switch {
	case n.kind == kind:
		return n, b.known(n.at, v, n.value)
	case n.kind == Int && kind == Decimal:
		i, _ := n.value.(int64)
		if i > maxWhole || i < -maxWhole {
			return nil, b.fail(n.at, "a number is at most %d", maxWhole)
		}
		c.value = i * decimalScale
		return &c, nil
	case n.kind == Text:
		s, _ := n.value.(string)
		switch kind {
		case Date:
			if t, err := time.Parse(time.DateOnly, s); err == nil {
				c.value = t.Unix() / 86400
				return &c, nil
			}
			return nil, b.fail(n.at, `want a day such as "2026-11-24"`)
		case Time:
			for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
				if t, err := time.Parse(layout, s); err == nil {
					c.value = t.UnixMicro()
					return &c, nil
				}
			}
			return nil, b.fail(n.at, `want a moment such as "2026-11-24T09:30:00Z" or a day`)
		case ID:
			x, err := id.Parse(s)
			if err != nil {
				return nil, b.fail(n.at, "want a record's identifier: 36 characters")
			}
			c.value = x
			return &c, nil
		}
	}
	return nil, b.fail(n.at, "%s cannot be compared with %s", kind, n.kind)
}
