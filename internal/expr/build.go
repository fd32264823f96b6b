package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"github.com/wardbook/wardbook/internal/fault"
)

type op uint8

const (
	opConst op = iota
	opField
	opNow
	opToday
	opMe
	opMyTeam
	opMyBranch
	opAnd
	opOr
	opNot
	opEq
	opLess    // args[0] < args[1]
	opLessEq  // args[0] <= args[1]
	opIn      // args[0] is one of args[1:]
	opInTeams // args[0] is one of the teams args[1]
	opHasKey  // the text args[1] is one of the choices args[0]
	opContains
	opStarts
	opEnds
	opIf
	opAdd
	opSub
	opMul
	opDiv
	opJoin // texts one after another
	opNeg
)

// node is a part of an expression. Kinds of arguments are settled when it is built.
type node struct {
	op    op
	kind  Kind
	args  []*node
	value any  // opConst
	path  path // opField
	fold  bool // comparing text without regard to case
	at    int64
}

// path is a field, through lookups.
type path struct {
	via []string
	v   Var
}

// free reports whether the node reads no field: its value depends on the session only.
func (n *node) free() bool {
	return n.op != opField && !slices.ContainsFunc(n.args, func(a *node) bool { return !a.free() })
}

func parse(source string) (ast.Expr, *ast.SourceInfo, error) {
	if len(source) > MaxSource {
		return nil, nil, fault.New(fault.TooLarge, "long_expression", "the expression has %d bytes, at most %d are allowed", len(source), MaxSource)
	}
	if !utf8.ValidString(source) || strings.ContainsRune(source, 0) {
		return nil, nil, fault.New(fault.Invalid, "bad_expression", "the expression is not valid text")
	}
	p, err := parser.NewParser(parser.MaxRecursionDepth(MaxDepth), parser.ExpressionSizeCodePointLimit(MaxSource), parser.ErrorRecoveryLimit(1))
	if err != nil {
		return nil, nil, fault.Wrap(fault.Internal, err, "parser", "internal error")
	}
	tree, errs := p.Parse(common.NewTextSource(source))
	if list := errs.GetErrors(); len(list) > 0 {
		return nil, nil, pointAt(source, list[0].Location.Line(), list[0].Location.Column(), "this cannot be read: "+reading(list[0].Message))
	}
	return tree.Expr(), tree.SourceInfo(), nil
}

// reading says in plain words what the parser found, without the words of its trade.
func reading(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "Syntax error: "), " expecting ")
	for _, found := range []string{"token recognition error at: ", "extraneous input ", "mismatched input ", "no viable alternative at input "} {
		if what, ok := strings.CutPrefix(s, found); ok {
			s = "did not expect " + what
		}
	}
	return strings.ReplaceAll(s, "'<EOF>'", "the end")
}

// pointAt is an error that shows the place in the expression.
func pointAt(source string, line, column int, message string) error {
	lines := strings.Split(source, "\n")
	if line < 1 || line > len(lines) {
		return fault.New(fault.Invalid, "bad_expression", "filter: %s", message)
	}
	text := []rune(lines[line-1])
	column = min(max(column, 0), len(text))
	from, to := max(0, column-30), min(len(text), column+30)
	return fault.New(fault.Invalid, "bad_expression", "line %d, character %d: %s\n  %s\n  %s^", line, column+1, message,
		string(text[from:to]), strings.Repeat(" ", column-from))
}

type builder struct {
	schema Schema
	object *Object
	source string
	info   *ast.SourceInfo
	nodes  int
	fields []Field
	values []any // lifted out of the text (Texts)
}

func (b *builder) fail(at int64, format string, args ...any) error {
	loc := b.info.GetStartLocation(at)
	return pointAt(b.source, loc.Line(), loc.Column(), fmt.Sprintf(format, args...))
}

func (b *builder) build(e ast.Expr, depth int) (*node, error) {
	if b.nodes++; b.nodes > MaxNodes {
		return nil, fault.New(fault.TooLarge, "long_expression", "the expression has more than %d parts", MaxNodes)
	}
	if depth > MaxDepth {
		return nil, fault.New(fault.TooLarge, "deep_expression", "the expression is nested more than %d deep", MaxDepth)
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return b.literal(e)
	case ast.IdentKind, ast.SelectKind:
		return b.field(e)
	case ast.CallKind:
		return b.call(e, depth)
	}
	return nil, b.fail(e.ID(), "this is not part of the language here")
}

func (b *builder) literal(e ast.Expr) (*node, error) {
	n := &node{op: opConst, at: e.ID()}
	switch v := e.AsLiteral().(type) {
	case types.Null:
		n.kind = Nothing
	case types.Bool:
		n.kind, n.value = Bool, bool(v)
	case types.Int:
		n.kind, n.value = Int, int64(v)
		b.given(n)
	case types.Double:
		text := strconv.FormatFloat(float64(v), 'f', -1, 64)
		d, ok := parseDecimal(text)
		if !ok || digits(text) > 15 { // a float64 keeps 15 digits as they were written, and not always more
			return nil, b.fail(e.ID(), "a number has at most 15 digits, of them at most 4 after the point")
		}
		n.kind, n.value = Decimal, d
	case types.String:
		n.kind, n.value = Text, string(v)
		b.given(n)
		if n.value == "" { // empty text is stored as absent
			n.kind, n.value = Nothing, nil
		}
	default:
		return nil, b.fail(e.ID(), "this kind of value is not part of the language here")
	}
	return n, nil
}

// digits counts the digits of a plain number that say something.
func digits(text string) int {
	text = strings.TrimLeft(strings.TrimPrefix(text, "-"), "0.")
	return len(text) - strings.Count(text, ".")
}

// segments returns a.b.c as its parts.
func segments(e ast.Expr) ([]string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return []string{e.AsIdent()}, true
	case ast.SelectKind:
		sel := e.AsSelect()
		parts, ok := segments(sel.Operand())
		return append(parts, sel.FieldName()), ok && !sel.IsTestOnly() && len(parts) <= MaxPath+2
	}
	return nil, false
}

func (b *builder) field(e ast.Expr) (*node, error) {
	if e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly() { // has(a.b)
		parts, ok := segments(e.AsSelect().Operand())
		if !ok {
			return nil, b.fail(e.ID(), "has() takes a field")
		}
		n, err := b.resolve(e.ID(), append(parts, e.AsSelect().FieldName()))
		return present(n), err
	}
	parts, ok := segments(e)
	if !ok {
		return nil, b.fail(e.ID(), "this is not a field")
	}
	return b.resolve(e.ID(), parts)
}

func (b *builder) resolve(at int64, parts []string) (*node, error) {
	o := b.object
	var via []string
	for i := range parts {
		if v, ok := o.Vars[strings.Join(parts[i:], ".")]; ok {
			b.note(Field{Path: via, Object: o.Name, Name: parts[i]})
			return &node{op: opField, kind: v.Kind, path: path{via: via, v: v}, at: at}, nil
		}
		v, ok := o.Vars[parts[i]]
		if !ok {
			return nil, b.fail(at, "%s has no field %q%s", o.Name, parts[i], suggest(o, parts[i]))
		}
		next := b.schema.Object(v.Ref)
		if v.Ref == "" || next == nil {
			return nil, b.fail(at, "%s.%s does not point to a record, so it has no field %q", o.Name, parts[i], parts[i+1])
		}
		if len(via) == MaxPath {
			return nil, b.fail(at, "at most %d lookups in a row", MaxPath)
		}
		b.note(Field{Path: via, Object: o.Name, Name: parts[i]})
		via = append(slices.Clone(via), parts[i])
		o = next
	}
	return nil, b.fail(at, "this is not a field")
}

func (b *builder) note(f Field) {
	if !slices.ContainsFunc(b.fields, func(g Field) bool {
		return g.Object == f.Object && g.Name == f.Name && slices.Equal(g.Path, f.Path)
	}) {
		b.fields = append(b.fields, f)
	}
}

// suggest names the field that was probably meant.
func suggest(o *Object, name string) string {
	best, at := "", 3
	for v := range o.Vars {
		if d := distance(name, v); d < at || d == at && best != "" && v < best {
			best, at = v, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is the edit distance of two short names, or 9 where it is clearly large.
func distance(a, b string) int {
	if len(a) > 60 || len(b) > 60 || len(a)-len(b) > 3 || len(b)-len(a) > 3 {
		return 9
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := last
			if a[i-1] != b[j-1] {
				cost++
			}
			last = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

func present(n *node) *node {
	if n == nil {
		return nil
	}
	return not(&node{op: opEq, kind: Bool, args: []*node{n, {op: opConst, kind: Nothing}}, at: n.at})
}

func not(n *node) *node { return &node{op: opNot, kind: Bool, args: []*node{n}, at: n.at} }

func (b *builder) call(e ast.Expr, depth int) (*node, error) {
	c := e.AsCall()
	name := c.FunctionName()
	if name == "has" || name == operators.In {
		return b.special(e, name, c.Args(), depth)
	}
	var exprs []ast.Expr
	if c.IsMemberFunction() {
		exprs = append(exprs, c.Target())
	}
	exprs = append(exprs, c.Args()...)
	args := make([]*node, 0, len(exprs))
	for _, a := range exprs {
		n, err := b.build(a, depth+1)
		if err != nil {
			return nil, err
		}
		args = append(args, n)
	}
	if c.IsMemberFunction() {
		return b.method(e.ID(), name, args)
	}
	return b.function(e.ID(), name, args)
}

// special builds the calls whose arguments are not values by themselves.
func (b *builder) special(e ast.Expr, name string, exprs []ast.Expr, depth int) (*node, error) {
	if name == "has" {
		if len(exprs) != 1 {
			return nil, b.fail(e.ID(), "has() takes one field")
		}
		parts, ok := segments(exprs[0])
		if !ok {
			return nil, b.fail(e.ID(), "has() takes a field")
		}
		n, err := b.resolve(exprs[0].ID(), parts)
		return present(n), err
	}
	left, err := b.build(exprs[0], depth+1)
	if err != nil {
		return nil, err
	}
	if exprs[1].Kind() != ast.ListKind {
		right, err := b.build(exprs[1], depth+1)
		if err != nil {
			return nil, err
		}
		return b.member(e.ID(), left, right)
	}
	elements := exprs[1].AsList().Elements()
	if len(elements) > MaxList {
		return nil, b.fail(e.ID(), "a list has at most %d entries", MaxList)
	}
	n := &node{op: opIn, kind: Bool, args: []*node{left}, at: e.ID()}
	for _, el := range elements {
		v, err := b.literalIn(el)
		if err != nil {
			return nil, err
		}
		l, r, err := b.alike(e.ID(), left, v)
		if err != nil {
			return nil, err
		}
		n.args[0], n.fold = l, n.fold || isFolded(l)
		n.args = append(n.args, r)
	}
	return n, nil
}

// literalIn builds an entry of a list without counting it as a part: lists have a limit of their own.
func (b *builder) literalIn(e ast.Expr) (*node, error) {
	if e.Kind() != ast.LiteralKind {
		return nil, b.fail(e.ID(), "a list holds plain values")
	}
	return b.literal(e)
}

// member builds `x in myTeam()` and `"key" in choices`.
func (b *builder) member(at int64, left, right *node) (*node, error) {
	switch {
	case right.kind == idList && left.kind == ID:
		return &node{op: opInTeams, kind: Bool, args: []*node{left, right}, at: at}, nil
	case right.kind == TextList && left.op == opConst && left.kind == Text:
		if err := b.known(left.at, right.path.v, left.value); err != nil {
			return nil, err
		}
		return &node{op: opHasKey, kind: Bool, args: []*node{right, left}, at: at}, nil
	}
	return nil, b.fail(at, "after in comes a list such as [1, 2], myTeam(), myBranch(), or a multiple choice")
}

func (b *builder) known(at int64, v Var, value any) error {
	if s, ok := value.(string); ok && len(v.Enum) > 0 && !slices.Contains(v.Enum, s) {
		return b.fail(at, "%s is one of: %s", v.Name, strings.Join(v.Enum[:min(len(v.Enum), 20)], ", "))
	}
	return nil
}

func (b *builder) method(at int64, name string, args []*node) (*node, error) {
	ops := map[string]op{"contains": opContains, "startsWith": opStarts, "endsWith": opEnds}
	o, ok := ops[name]
	if !ok || len(args) != 2 {
		return nil, b.fail(at, "there is no method %s; texts have contains, startsWith and endsWith with one text", name)
	}
	if args[1].kind == Nothing && args[1].op == opConst { // contains("") holds for every text
		return present(args[0]), nil
	}
	if args[0].kind != Text || args[1].kind != Text || !args[1].free() {
		return nil, b.fail(at, "%s takes a text and looks for a fixed text in it", name)
	}
	return &node{op: o, kind: Bool, args: args, fold: isFolded(args[0]), at: at}, nil
}

// isFolded reports whether text of the node compares without regard to case.
func isFolded(n *node) bool {
	return n.kind == Text && (n.op != opField || n.path.v.Fold != "" || n.path.v.Sealed && len(n.path.v.Enum) == 0)
}

func (b *builder) function(at int64, name string, args []*node) (*node, error) {
	switch name {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
		return b.logic(at, name, args)
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return b.compare(at, name, args)
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Negate:
		return b.arithmetic(at, name, args)
	}
	simple := map[string]node{
		"now": {op: opNow, kind: Time}, "today": {op: opToday, kind: Date}, "me": {op: opMe, kind: ID},
		"myTeam": {op: opMyTeam, kind: idList}, "myBranch": {op: opMyBranch, kind: idList},
	}
	if n, ok := simple[name]; ok && len(args) == 0 {
		n.at = at
		return &n, nil
	}
	spans := map[string]struct {
		kind Kind
		per  int64
	}{"days": {days, 1}, "weeks": {days, 7}, "months": {months, 1}, "years": {months, 12}, "seconds": {Duration, 1}, "minutes": {Duration, 60}, "hours": {Duration, 3600}}
	if s, ok := spans[name]; ok && len(args) == 1 && args[0].op == opConst && args[0].kind == Int {
		n, _ := args[0].value.(int64)
		if n < -100_000 || n > 100_000 {
			return nil, b.fail(at, "%s takes a whole number up to 100,000", name)
		}
		return &node{op: opConst, kind: s.kind, value: n * s.per, at: at}, nil
	}
	if name == "date" && len(args) == 1 && args[0].kind == Text && args[0].op == opConst {
		return b.coerce(args[0], Date, Var{})
	}
	return nil, b.fail(at, "there is no function %s with %d arguments; there are has, now, today, date, days, weeks, months, years, hours, minutes, me, myTeam, myBranch", name, len(args))
}
