// Package expr is the one language of Wardbook: every condition that a person or a role writes, from
// a list's filter to a row restriction, is an expression in CEL (https://cel.dev), explained for its
// users in docs/expressions.md.
//
// cel-go reads the text. What it may mean is decided here, against the fields of an object, and
// becomes a small typed tree with two evaluators that agree on every record: Match, in memory, and
// SQL, which compiles to a condition with bound parameters for SQLite and PostgreSQL. A property test
// holds them equal, because a list and a single read must never give different answers.
//
// Logic is two-valued. An absent value equals nothing but null (and another absent value), is neither
// less nor greater than anything and contains nothing; "!" is the exact complement. Text compares
// without regard to case, width and composition (Fold).
package expr

import (
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Kind is the type of a value in an expression.
type Kind uint8

// The kinds and the Go values that carry them.
const (
	Nothing  Kind = iota // null
	Text                 // string
	Int                  // int64
	Decimal              // int64, ten-thousandths
	Bool                 // bool
	Date                 // int64, days since 1970-01-01
	Time                 // int64, microseconds since 1970-01-01 UTC
	Duration             // int64, seconds
	ID                   // id.ID
	TextList             // []string: the keys of a multiple choice
	Opaque               // only has() and comparing with null
	days                 // a span of days, for arithmetic with dates and times
	months               // a span of calendar months
	idList               // the teams of the session
)

// String returns the kind's name for messages.
func (k Kind) String() string {
	return [...]string{"null", "text", "a whole number", "a number", "yes or no", "a date", "a time", "a duration", "a record", "a multiple choice", "structured data", "a span of days", "a span of months", "a list of teams"}[k]
}

// Var is a field as expressions see it.
type Var struct {
	Name   string   // "amount", or "amount.currency" for a part
	Kind   Kind     //
	Column string   // physical column, made by the program
	Fold   string   // column with the folded text; empty: text compares exactly
	Sealed bool     // encrypted: Match can use it, SQL cannot
	Aside  bool     // encrypted, and beside the record's table in a form that SQL can use (Target.Aside)
	Ref    string   // the object that an ID points to, for paths such as company.city
	Enum   []string // the keys of a choice; others in an expression are an error
}

// Object is an object as expressions see it.
type Object struct {
	Name string
	Vars map[string]Var
}

// Schema gives the objects; nil for an unknown name.
type Schema interface {
	Object(name string) *Object
}

// Field names a field that an expression reads: through lookups, from the object that it is about.
type Field struct {
	Path   []string // lookups from the record to the object; empty for the record's own fields
	Object string   // the object that has the field
	Name   string
}

// Expr is a compiled expression. It is immutable and safe for concurrent use.
type Expr struct {
	source string
	object string
	root   *node
	fields []Field
}

// Source returns the text that the expression was compiled from.
func (x *Expr) Source() string { return x.source }

// Kind returns the kind of the expression's value.
func (x *Expr) Kind() Kind { return x.root.kind }

// Fields returns the fields that the expression reads, lookups on the way included. Whoever uses the
// expression for somebody must check that they may read each: the right to filter by a field is the
// right to read it.
func (x *Expr) Fields() []Field { return x.fields }

// Session is what an expression knows about who asks and when.
type Session struct {
	Now      time.Time      // the moment; today() is its day in Location
	Location *time.Location // nil: UTC
	Me       id.ID          // the zero ID equals no record
	MyTeam   []id.ID
	MyBranch []id.ID
}

// Record gives values to Match and Eval.
type Record interface {
	// Value returns the value of a Var by its name, in the Go type of its kind; nil when absent.
	Value(name string) any
	// Related returns the record that a lookup points to; nil where there is none or the session
	// may not see it.
	Related(lookup string) (Record, error)
}

// Limits of an expression.
const (
	MaxSource = 4096 // bytes
	MaxNodes  = 500
	MaxDepth  = 50
	MaxList   = 1000 // entries of a list
	MaxPath   = 3    // lookups in a row
)

// And returns an expression that is true where all are; nil expressions count as true. All must be
// about the same object.
func And(xs ...*Expr) *Expr {
	var all *Expr
	for _, x := range xs {
		switch {
		case x == nil:
		case all == nil:
			all = x
		default:
			all = &Expr{
				source: "(" + all.source + ") && (" + x.source + ")", object: x.object,
				root:   &node{op: opAnd, kind: Bool, args: []*node{all.root, x.root}},
				fields: append(append([]Field(nil), all.fields...), x.fields...),
			}
		}
	}
	return all
}

// Compile reads a condition about records of the object. Errors have kind Invalid, reason
// "bad_expression", and point at the character.
func Compile(s Schema, object, source string) (*Expr, error) {
	x, err := CompileValue(s, object, source)
	if err != nil {
		return nil, err
	}
	if x.root.kind != Bool {
		return nil, fault.New(fault.Invalid, "bad_expression", "the expression gives %s; a condition must be true or false, such as amount > 1000", x.root.kind)
	}
	return x, nil
}

// CompileValue reads an expression that gives a value of any kind, for a formula.
func CompileValue(s Schema, object, source string) (*Expr, error) {
	o := s.Object(object)
	if o == nil {
		return nil, fault.New(fault.NotFound, "unknown_object", "there is no object %q", object)
	}
	tree, info, err := parse(source)
	if err != nil {
		return nil, err
	}
	b := &builder{schema: s, object: o, source: source, info: info}
	root, err := b.build(tree, 0)
	if err != nil {
		return nil, err
	}
	if root.kind > Opaque || root.kind == Nothing {
		return nil, fault.New(fault.Invalid, "bad_expression", "the expression gives %s, which is no value of a record", root.kind)
	}
	return &Expr{source: source, object: object, root: root, fields: b.fields}, nil
}
