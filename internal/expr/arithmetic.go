package expr

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/operators"
)

// decimalScale is how many parts a unit of a Decimal has.
const decimalScale = 10_000

// maxWhole is the greatest whole number that a Decimal holds.
const maxWhole = math.MaxInt64 / decimalScale

// parseDecimal reads plain digits with at most four decimals as ten-thousandths.
func parseDecimal(s string) (int64, bool) {
	whole, part, _ := strings.Cut(s, ".")
	if len(part) > 4 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+"0000"[len(part):], 10, 64)
	return n, err == nil
}

func (b *builder) arithmetic(at int64, name string, args []*node) (*node, error) {
	ops := map[string]op{operators.Add: opAdd, operators.Subtract: opSub, operators.Multiply: opMul, operators.Divide: opDiv, operators.Negate: opNeg}
	o := ops[name]
	n := &node{op: o, args: args, at: at}
	l := args[0].kind
	if o == opNeg {
		if l != Int && l != Decimal && l != Duration {
			return nil, b.fail(at, "only a number has a negative")
		}
		n.kind = l
		return n, nil
	}
	r := args[1].kind
	switch {
	case numeric(l) && numeric(r):
		n.kind = max(l, r)
		if o == opDiv {
			n.kind = Decimal
		}
		for i := range args {
			if n.kind == Decimal && args[i].kind == Int {
				args[i] = widen(args[i])
			}
		}
	case l == Text && r == Text && o == opAdd:
		n.op, n.kind = opJoin, Text
	case (l == Date || l == Time) && (r == days || r == months || r == Duration && l == Time) && (o == opAdd || o == opSub):
		n.kind = l
	case l == Date && r == Date && o == opSub:
		n.kind = Int
	case l == Time && r == Time && o == opSub:
		n.kind = Duration
	default:
		return nil, b.fail(at, "this cannot be calculated: %s and %s", l, r)
	}
	return n, nil
}

func numeric(k Kind) bool { return k == Int || k == Decimal }

// widen makes a Decimal of a whole number.
func widen(n *node) *node {
	if i, ok := n.value.(int64); ok && n.op == opConst && i <= maxWhole && i >= -maxWhole {
		return &node{op: opConst, kind: Decimal, value: i * decimalScale, at: n.at}
	}
	return &node{op: opMul, kind: Decimal, at: n.at, args: []*node{n, {op: opConst, kind: Int, value: int64(decimalScale)}}}
}

// calculate applies an operation to two values; nil where there is no result: an overflow, a
// division by zero, a date beyond the calendar.
func calculate(n *node, l, r any) any {
	x, ok1 := l.(int64)
	y, ok2 := r.(int64)
	if !ok1 || !ok2 {
		return nil
	}
	switch left := n.args[0].kind; {
	case left == Date && n.kind == Date:
		return shiftDate(x, y, n.op == opSub, n.args[1].kind)
	case left == Time && n.kind == Time:
		return shiftTime(x, y, n.op == opSub, n.args[1].kind)
	case left == Time:
		return (x - y) / 1e6
	case left == Date:
		return x - y
	}
	return exact(n, x, y)
}

// exact calculates with whole numbers of any size and rounds half away from zero.
func exact(n *node, x, y int64) any {
	a, b := big.NewInt(x), big.NewInt(y)
	scaled := n.args[0].kind == Decimal && n.args[1].kind == Decimal
	switch n.op {
	case opAdd:
		a.Add(a, b)
	case opSub:
		a.Sub(a, b)
	case opMul:
		a.Mul(a, b)
		if scaled {
			a = divide(a, big.NewInt(decimalScale))
		}
	case opDiv:
		if y == 0 {
			return nil
		}
		a = divide(a.Mul(a, big.NewInt(decimalScale)), b)
	}
	if !a.IsInt64() {
		return nil
	}
	return a.Int64()
}

func divide(a, b *big.Int) *big.Int {
	q, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	if rest.Abs(rest).Lsh(rest, 1).CmpAbs(b) >= 0 {
		if a.Sign() == b.Sign() {
			return q.Add(q, big.NewInt(1))
		}
		return q.Sub(q, big.NewInt(1))
	}
	return q
}

func shiftDate(at, by int64, back bool, unit Kind) any {
	if back {
		by = -by
	}
	if unit == months {
		t := addMonths(time.Unix(at*86400, 0).UTC(), by)
		return day(t.Unix() / 86400)
	}
	return day(at + by)
}

// maxSpan is 100,000 years in seconds: more than the calendar has, and far below an overflow.
const maxSpan = 100_000 * 366 * 86_400

// The first and the last second of the calendar, the years 1 to 9999.
const (
	firstSecond = -62_135_596_800
	lastSecond  = 253_402_300_799
)

// day and moment return a count of days or microseconds where it lies in the calendar.
func day(n int64) any {
	if n < firstSecond/86_400 || n > lastSecond/86_400 {
		return nil
	}
	return n
}

func moment(n int64) any {
	if n < firstSecond*1_000_000 || n >= (lastSecond+1)*1_000_000 {
		return nil
	}
	return n
}

func shiftTime(at, by int64, back bool, unit Kind) any {
	if back {
		by = -by
	}
	switch unit {
	case months:
		return moment(addMonths(time.UnixMicro(at).UTC(), by).UnixMicro())
	case days:
		by *= 86400
	}
	if by > maxSpan || by < -maxSpan {
		return nil
	}
	return moment(at + by*1_000_000)
}

// addMonths moves by calendar months; a day that the month does not have becomes its last.
func addMonths(t time.Time, n int64) time.Time {
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}
