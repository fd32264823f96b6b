package expr

import (
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Fold returns text as it is compared: compatibility forms made one (NFKC), case folded. The store
// keeps the folded text beside the original, so that both evaluators compare the same bytes.
func Fold(s string) string {
	if plainASCII(s) {
		return s
	}
	s = norm.NFKC.String(s)
	return norm.NFKC.String(strings.Map(cherokee, cases.Fold().String(s)))
}

// cherokee finishes the folding of Cherokee, whose small letters fold to its capitals (Unicode,
// CaseFolding.txt); package cases swaps the two instead.
func cherokee(r rune) rune {
	switch {
	case r >= 0xab70 && r <= 0xabbf:
		return r - 0xab70 + 0x13a0
	case r >= 0x13f8 && r <= 0x13fd:
		return r - 8
	}
	return r
}

// plainASCII reports whether folding would change nothing.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] >= 'A' && s[i] <= 'Z' {
			return false
		}
	}
	return true
}

// Match reports whether the record fulfils the condition.
func (x *Expr) Match(rec Record, s Session) (bool, error) {
	v, err := x.Eval(rec, s)
	b, _ := v.(bool)
	return b, err
}

// Eval returns the expression's value for the record, in the Go type of its kind; nil when absent.
func (x *Expr) Eval(rec Record, s Session) (any, error) {
	return (&evaluator{rec: rec, s: s}).eval(x.root)
}

type evaluator struct {
	rec Record
	s   Session
}

func (e *evaluator) eval(n *node) (any, error) {
	switch n.op {
	case opConst:
		return n.value, nil
	case opField:
		return e.field(n.path)
	case opNow:
		return e.s.Now.UnixMicro(), nil
	case opToday:
		return e.s.today(), nil
	case opMe:
		return e.s.Me, nil
	case opMyTeam:
		return e.s.MyTeam, nil
	case opMyBranch:
		return e.s.MyBranch, nil
	case opAnd, opOr:
		for _, a := range n.args {
			v, err := e.eval(a)
			if err != nil {
				return nil, err
			}
			if b, _ := v.(bool); b == (n.op == opOr) {
				return b, nil
			}
		}
		return n.op == opAnd, nil
	case opNot:
		v, err := e.eval(n.args[0])
		b, _ := v.(bool)
		return !b, err
	case opIf:
		v, err := e.eval(n.args[0])
		if err != nil {
			return nil, err
		}
		if b, _ := v.(bool); b {
			return e.eval(n.args[1])
		}
		return e.eval(n.args[2])
	}
	vals := make([]any, len(n.args))
	for i, a := range n.args {
		v, err := e.eval(a)
		if err != nil {
			return nil, err
		}
		vals[i] = v
	}
	return apply(n, vals), nil
}

func (s Session) today() int64 {
	loc := s.Location
	if loc == nil {
		loc = time.UTC
	}
	y, m, d := s.Now.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

func (e *evaluator) field(p path) (any, error) {
	rec := e.rec
	for _, lookup := range p.via {
		next, err := rec.Related(lookup)
		if err != nil || next == nil {
			return nil, err
		}
		rec = next
	}
	if rec == nil {
		return nil, fault.New(fault.Internal, "no_record", "internal error")
	}
	return rec.Value(p.v.Name), nil
}

// apply computes an operation whose arguments are all needed.
func apply(n *node, v []any) any {
	switch n.op {
	case opEq:
		return same(n, v[0], v[1])
	case opLess, opLessEq:
		c, ok := order(n, v[0], v[1])
		return ok && (c < 0 || c == 0 && n.op == opLessEq)
	case opIn:
		return slices.ContainsFunc(v[1:], func(x any) bool { return same(n, v[0], x) })
	case opInTeams:
		x, ok := v[0].(id.ID)
		list, _ := v[1].([]id.ID)
		return ok && slices.Contains(list, x)
	case opHasKey:
		list, _ := v[0].([]string)
		key, _ := v[1].(string)
		return slices.Contains(list, key)
	case opContains, opStarts, opEnds:
		return find(n, v[0], v[1])
	case opNeg:
		x, ok := v[0].(int64)
		if !ok || x == math.MinInt64 {
			return nil
		}
		return -x
	case opJoin:
		l, _ := v[0].(string)
		r, _ := v[1].(string)
		if l+r == "" {
			return nil
		}
		return l + r
	}
	return calculate(n, v[0], v[1])
}

func same(n *node, l, r any) bool {
	if l == nil || r == nil {
		return l == nil && r == nil
	}
	if a, ok := l.(string); ok && n.fold {
		b, _ := r.(string)
		return Fold(a) == Fold(b)
	}
	return l == r
}

func order(n *node, l, r any) (int, bool) {
	switch a := l.(type) {
	case int64:
		if b, ok := r.(int64); ok {
			return int(min(1, max(-1, compare(a, b)))), true
		}
	case string:
		if b, ok := r.(string); ok {
			if n.fold {
				a, b = Fold(a), Fold(b)
			}
			return strings.Compare(a, b), true
		}
	}
	return 0, false
}

func compare(a, b int64) int64 {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func find(n *node, l, r any) bool {
	a, ok1 := l.(string)
	b, ok2 := r.(string)
	if !ok1 || !ok2 {
		return false
	}
	if n.fold {
		a, b = Fold(a), Fold(b)
	}
	switch n.op {
	case opStarts:
		return strings.HasPrefix(a, b)
	case opEnds:
		return strings.HasSuffix(a, b)
	}
	return strings.Contains(a, b)
}
