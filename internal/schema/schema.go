// Package schema describes objects and their fields as data: what a record may hold, how each value
// is read, checked, written, stored and shown. The program's own objects are declared in Go by the
// features; a customer's own are added at run time. Both are the same thing.
//
// A Schema is an immutable snapshot. Numbers name objects and fields for good: they are part of what
// seals a value (docs/formats/sealed-cell.md) and of the names of tables and columns, so a rename
// changes neither.
//
// Every field has a class, and a field without one does not build:
//
//	public      may be shown to anyone
//	internal    the organisation's business
//	personal    says something about a person: sealed under that person's key
//	restricted  identity numbers, bank, health: sealed under a second key, masked until revealed
//	secret      credentials: can be written, never read back
package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// Text is a label or help text in both languages.
type Text struct {
	En string `json:"en"`
	Zh string `json:"zh"`
}

// In returns the text in a language: "zh…" or, for anything else, English.
func (t Text) In(lang string) string {
	if len(lang) >= 2 && lang[:2] == "zh" {
		return t.Zh
	}
	return t.En
}

// Class says how sensitive a field is.
type Class string

// The classes.
const (
	Public     Class = "public"
	Internal   Class = "internal"
	Personal   Class = "personal"
	Restricted Class = "restricted"
	Secret     Class = "secret"
)

// Sealed reports whether values of the class are encrypted in the database.
func (c Class) Sealed() bool { return c == Personal || c == Restricted || c == Secret }

// Cell reports whether a value of the class is sealed in a cell of its own.
func (c Class) Cell() bool { return c == Restricted || c == Secret }

func (c Class) known() bool {
	return slices.Contains([]Class{Public, Internal, Personal, Restricted, Secret}, c)
}

// Option is one choice of a picklist.
type Option struct {
	Key      string `json:"key"` // small letters, digits, underscores
	Label    Text   `json:"label"`
	Color    string `json:"color,omitempty"`
	Archived bool   `json:"archived,omitempty"` // kept by records that have it, not chosen anew
}

// Field describes one field of an object.
type Field struct {
	ID       uint32   `json:"id"` // for good; 1-99 are the system's
	Name     string   `json:"name"`
	Type     Type     `json:"type"`
	Class    Class    `json:"class"`
	Was      []Class  `json:"was,omitempty"` // classes that it was raised from: values may still be stored as they say
	Label    Text     `json:"label"`
	Help     Text     `json:"help,omitzero"`
	Required bool     `json:"required,omitempty"`
	Unique   bool     `json:"unique,omitempty"`
	ReadOnly bool     `json:"read_only,omitempty"` // written by the program only
	System   bool     `json:"system,omitempty"`    // on every object
	Archived bool     `json:"archived,omitempty"`  // hidden, its values kept
	Options  []Option `json:"options,omitempty"`   // picklist, multipick
	Target   []string `json:"target,omitempty"`    // lookup, lookups, any: objects it may point to
	Max      int      `json:"max,omitempty"`       // characters or entries; 0: the type's own limit
	Digits   int      `json:"digits,omitempty"`    // decimals shown, 0 to 4
	Default  string   `json:"default,omitempty"`   // as ParseText reads it
	Currency string   `json:"currency,omitempty"`  // money: taken where the input names none
	Formula  string   `json:"formula,omitempty"`   // formula: CEL over the record
	Result   Type     `json:"result,omitempty"`    // formula, rollup: type of its result
	Rollup   *Rollup  `json:"rollup,omitempty"`    // rollup: what is counted or added up
	Pattern  string   `json:"pattern,omitempty"`   // autonumber: text with {0000}
	Takes    string   `json:"takes,omitempty"`     // "stage.probability": taken over when that link changes and no value is given
	Stamp    string   `json:"stamp,omitempty"`     // datetime: CEL; the moment since which the record fulfils it

	does  *kind // what its type can do, in a schema: made once, because every value asks for it
	doing Type  // and of which type that is
}

// Option returns the choice with the key.
func (f *Field) Option(key string) (Option, bool) {
	i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Key == key })
	if i < 0 {
		return Option{}, false
	}
	return f.Options[i], true
}

// Columns returns the columns that store the field in the clear: none for a sealed field.
func (f *Field) Columns() []Column {
	if f.Class.Sealed() {
		return nil
	}
	return kindOf(f.Type).columns
}

// Aside returns the columns that hold a personal field where it can be found and sorted by, outside of
// the database: none for any other field.
func (f *Field) Aside() []Column {
	if f.Class != Personal || f.Computed() {
		return nil
	}
	return f.kind().columns
}

// Worded reports whether the field holds words, by which records are searched.
func (f *Field) Worded() bool {
	switch f.Type {
	case Short, Longtext, Richtext, Email, Phone, URL, AddressT, Autonumber, File, Image:
		return f.Class == Public || f.Class == Internal || f.Class == Personal
	}
	return false
}

// Holds reports whether the field holds files.
func (f *Field) Holds() bool { return f.Type == File || f.Type == Image }

// MaxContent returns how large a file in the field may be, in bytes; 0 where the field holds none.
func (f *Field) MaxContent() int {
	switch f.Type {
	case File:
		return MaxFile
	case Image:
		return MaxImage
	}
	return 0
}

// Column returns the name of a column of the field, made from its number.
func (f *Field) Column(suffix string) string {
	return "f" + strconv.FormatUint(uint64(f.ID), 10) + suffix
}

// Object describes one kind of record.
type Object struct {
	ID       uint32     `json:"id"` // for good; the program's own are below 1,000
	Name     string     `json:"name"`
	Label    Text       `json:"label"`
	Plural   Text       `json:"plural"`
	Title    []string   `json:"title"`             // fields that name a record, first one first
	Subject  string     `json:"subject,omitempty"` // Self, a lookup to the person, or "" for nobody
	Fields   []Field    `json:"fields"`
	Indexes  [][]string `json:"indexes,omitempty"` // fields that are filtered and sorted by together
	System   bool       `json:"system,omitempty"`  // not covered by rights on "*"
	Written  bool       `json:"written,omitempty"` // written by the program only
	Custom   bool       `json:"custom,omitempty"`
	Archived bool       `json:"archived,omitempty"`
	Timeline *Timeline  `json:"timeline,omitempty"`

	Former    []string   `json:"former,omitempty"`    // names that it had: the journal goes on knowing it by them
	Overrides []Override `json:"overrides,omitempty"` // of an object that comes with the program: what people changed

	byName map[string]int
}

// Timeline has each change of one field leave a record of its own, with the time that the record
// spent with the value before: how long deals stay in a stage.
type Timeline struct {
	Field  string `json:"field"`  // a lookup whose changes are kept
	Since  string `json:"since"`  // a datetime field that holds the moment of the last change
	Object string `json:"object"` // the object of the records that are left; it is written by the program only
	Record string `json:"record"` // its fields: a lookup to the record,
	From   string `json:"from"`   // the value before,
	To     string `json:"to"`     // the value after,
	At     string `json:"at"`     // the moment
	Spent  string `json:"spent"`  // and the time between, absent for the first
	Copy   string `json:"copy"`   // a field of the same name that is copied
}

// Self as an object's subject says that each record is a natural person.
const Self = "self"

// Table returns the name of the object's table, made from its number.
func (o *Object) Table() string { return "o" + strconv.FormatUint(uint64(o.ID), 10) }

// Field returns the field with the name; nil where there is none or it is archived.
func (o *Object) Field(name string) *Field {
	if i, ok := o.byName[name]; ok && !o.Fields[i].Archived {
		return &o.Fields[i]
	}
	return nil
}

// FieldByID returns the field with the number, archived or not.
func (o *Object) FieldByID(n uint32) *Field {
	for i := range o.Fields { // not slices.IndexFunc, which copies each field
		if o.Fields[i].ID == n {
			return &o.Fields[i]
		}
	}
	return nil
}

// Schema is an immutable set of objects.
type Schema struct {
	objects []*Object
	byName  map[string]*Object
	byID    map[uint32]*Object
	former  map[string]*Object
}

// Limits of a schema.
const (
	MaxObjects = 500
	MaxFields  = 500 // of one object
	MaxOptions = 5000
)

// New checks the objects, adds the system fields to each and returns the schema.
func New(objects ...Object) (*Schema, error) {
	if len(objects) > MaxObjects {
		return nil, fault.New(fault.TooLarge, "too_many_objects", "at most %d objects", MaxObjects)
	}
	s := &Schema{byName: map[string]*Object{}, byID: map[uint32]*Object{}, former: map[string]*Object{}}
	for _, given := range objects {
		o := given
		o.Fields = append(systemFields(), o.Fields...)
		o.byName = make(map[string]int, len(o.Fields))
		for i, f := range o.Fields {
			if _, twice := o.byName[f.Name]; twice {
				return nil, define(o.Name+"."+f.Name, "there are two fields of this name")
			}
			o.byName[f.Name] = i
			o.Fields[i].remember()
		}
		if s.byName[o.Name] != nil || s.byID[o.ID] != nil {
			return nil, define(o.Name, "there are two objects of this name or number")
		}
		s.objects = append(s.objects, &o)
		s.byName[o.Name], s.byID[o.ID] = &o, &o
	}
	for _, o := range s.objects {
		for _, name := range o.Former {
			if other := s.Known(name); other != nil && other != o {
				return nil, define(o.Name, "another object has or had the name %s", name)
			}
			s.former[name] = o
		}
		if err := s.check(o); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Object returns the object with the name; nil where there is none.
func (s *Schema) Object(name string) *Object { return s.byName[name] }

// Known returns the object that has the name or had it before, as an entry of the journal may name it;
// nil where there is none.
func (s *Schema) Known(name string) *Object {
	if o := s.byName[name]; o != nil {
		return o
	}
	return s.former[name]
}

// ObjectByID returns the object with the number; nil where there is none.
func (s *Schema) ObjectByID(n uint32) *Object { return s.byID[n] }

// Objects returns every object, in the order of declaration.
func (s *Schema) Objects() []*Object { return s.objects }

// Declared returns the object without its system fields, as New takes it.
func (o *Object) Declared() Object {
	c := *o
	c.Fields = slices.DeleteFunc(slices.Clone(o.Fields), func(f Field) bool { return f.System })
	c.byName = nil
	return c
}

func define(where, format string, args ...any) error {
	return fault.InField(where, "bad_definition", "%s", fmt.Sprintf(format, args...))
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// reserved are words of the expression language and of the API that no field or object may take.
func reserved(name string) bool {
	return slices.Contains([]string{
		"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
		"namespace", "null", "package", "return", "true", "var", "void", "while",
		"bool", "bytes", "double", "dyn", "int", "list", "map", "string", "timestamp", "type", "uint",
		"can", "currency", "date", "days", "duration", "fields", "has", "hours", "me", "months", "now", "object", "size", "today", "weeks",
	}, name)
}

func goodName(name string) bool { return nameForm.MatchString(name) && !reserved(name) }

func (t Text) whole() bool { return t.En != "" && t.Zh != "" }

func (s *Schema) check(o *Object) error {
	switch {
	case o.ID == 0:
		return define(o.Name, "an object needs a number")
	case !goodName(o.Name) && o.Name != "import":
		return define(o.Name, "a name is small letters, digits and underscores, begins with a letter, has at most 40, and is no reserved word")
	case !o.Label.whole() || !o.Plural.whole():
		return define(o.Name, "label and plural are needed in English and Chinese")
	case len(o.Fields) > MaxFields:
		return define(o.Name, "at most %d fields", MaxFields)
	case len(o.Title) == 0:
		return define(o.Name, "say which field names a record (title)")
	}
	for _, t := range o.Title {
		if o.Field(t) == nil {
			return define(o.Name, "title names no field: %s", t)
		}
	}
	for _, index := range o.Indexes {
		for i, name := range index {
			f := o.Field(name)
			if f == nil || f.Class.Sealed() && (i == 0 || len(f.Aside()) == 0 || !f.Sortable()) {
				return define(o.Name, "an index needs fields that are not sealed, or after the first one personal: %s", name)
			}
		}
	}
	numbers := map[uint32]bool{}
	for i := range o.Fields {
		f := &o.Fields[i]
		if numbers[f.ID] || f.ID == 0 {
			return define(o.Name+"."+f.Name, "a field needs a number of its own")
		}
		numbers[f.ID] = true
		if err := s.checkField(o, f); err != nil {
			return err
		}
	}
	if err := s.checkTimeline(o); err != nil {
		return err
	}
	return s.checkSubject(o)
}

func (s *Schema) checkTimeline(o *Object) error {
	t := o.Timeline
	if t == nil {
		return nil
	}
	of := s.byName[t.Object]
	if of == nil || o.Field(t.Field) == nil || o.Field(t.Since) == nil || o.Field(t.Copy) == nil {
		return define(o.Name, "its timeline names an object or field that is not there")
	}
	for _, name := range []string{t.Record, t.From, t.To, t.At, t.Spent, t.Copy} {
		if of.Field(name) == nil {
			return define(o.Name, "its timeline needs the field %s of %s", name, t.Object)
		}
	}
	return nil
}

// checkTakes checks that a field takes its value from a field of a linked record.
func (s *Schema) checkTakes(o *Object, f *Field) error {
	if f.Takes == "" {
		return nil
	}
	link, name, _ := strings.Cut(f.Takes, ".")
	via := o.Field(link)
	if via == nil || via.Type != Lookup {
		return define(o.Name+"."+f.Name, "takes: want a lookup and a field, such as stage.probability")
	}
	if from := s.byName[via.Target[0]].Field(name); from == nil || from.Type != f.Type || from.Class.Sealed() {
		return define(o.Name+"."+f.Name, "takes: want a field of the same type that is not sealed")
	}
	return nil
}

func (s *Schema) checkSubject(o *Object) error {
	if o.Subject == "" || o.Subject == Self {
		return nil
	}
	f := o.Field(o.Subject)
	if f == nil || f.Type != Lookup && f.Type != Any && f.Type != User {
		return define(o.Name, "subject must be %q or a lookup to the person: %s", Self, o.Subject)
	}
	return nil
}

func (s *Schema) checkField(o *Object, f *Field) error {
	where := o.Name + "." + f.Name
	k := kindOf(f.Type)
	switch {
	case k == nil:
		return define(where, "unknown type %q", f.Type)
	case !f.System && !goodName(f.Name):
		return define(where, "a name is small letters, digits and underscores, begins with a letter, has at most 40, and is no reserved word")
	case !f.Class.known():
		return define(where, "a field needs a class: public, internal, personal, restricted or secret")
	case !f.Label.whole():
		return define(where, "a label is needed in English and Chinese")
	case f.Type == SecretType != (f.Class == Secret):
		return define(where, "type secret and class secret belong together")
	case f.Digits < 0 || f.Digits > 4:
		return define(where, "digits: 0 to 4")
	case f.Unique && (f.Class.Sealed() || !k.unique):
		return define(where, "a field of this type and class cannot be unique")
	case f.Type == Formula && (f.Formula == "" || kindOf(f.Result) == nil || f.Result == Formula || f.Result == RollupT):
		return define(where, "a formula needs its text and the type of its result")
	case f.Computed() && f.Required:
		return define(where, "a computed field cannot be required")
	case f.Type == Autonumber && !patternForm.MatchString(f.Pattern):
		return define(where, "an automatic number needs a pattern such as T-{00000}")
	}
	if err := s.checkTargets(where, f); err != nil {
		return err
	}
	if err := s.checkTakes(o, f); err != nil {
		return err
	}
	if err := s.checkRollup(o, f); err != nil {
		return err
	}
	return checkOptions(where, f)
}

func (s *Schema) checkTargets(where string, f *Field) error {
	needs := f.Type == Lookup || f.Type == Lookups || f.Type == Any
	if needs != (len(f.Target) > 0) || f.Type == Lookup && len(f.Target) != 1 {
		return define(where, "name the object that it points to (one for a lookup)")
	}
	for _, t := range f.Target {
		if s.byName[t] == nil {
			return define(where, "there is no object %q", t)
		}
	}
	return nil
}

func checkOptions(where string, f *Field) error {
	needs := f.Type == Picklist || f.Type == Multipick
	if needs != (len(f.Options) > 0) || len(f.Options) > MaxOptions {
		return define(where, "a picklist needs between 1 and %d options, any other type none", MaxOptions)
	}
	seen := map[string]bool{}
	for _, op := range f.Options {
		if !optionForm.MatchString(op.Key) || seen[op.Key] || !op.Label.whole() {
			return define(where, "option %q: a key of its own in small letters, digits and underscores, and both labels", op.Key)
		}
		seen[op.Key] = true
	}
	return nil
}

var (
	optionForm  = regexp.MustCompile(`^[a-z0-9_]{1,60}$`)
	patternForm = regexp.MustCompile(`^[^{}]{0,20}\{0{1,12}\}[^{}]{0,20}$`)
)

// systemFields are on every object. They stand first and have the numbers 1 to 99.
func systemFields() []Field {
	f := func(n uint32, name string, t Type, en, zh string, target ...string) Field {
		return Field{ID: n, Name: name, Type: t, Class: Internal, Label: Text{en, zh}, System: true, ReadOnly: true, Target: target}
	}
	owner := f(3, "owner", User, "Owner", "负责人")
	team := f(4, "team", Team, "Team", "所属团队")
	owner.ReadOnly, team.ReadOnly = false, false
	external := f(10, "external_ids", JSON, "External identifiers", "外部标识")
	external.ReadOnly = false
	return []Field{
		owner, team,
		f(5, "created_at", Datetime, "Created", "创建时间"),
		f(6, "created_by", User, "Created by", "创建人"),
		f(7, "updated_at", Datetime, "Changed", "修改时间"),
		f(8, "updated_by", User, "Changed by", "修改人"),
		f(9, "source", Short, "Source", "来源渠道"),
		external,
		f(11, "deleted_at", Datetime, "Deleted", "删除时间"),
	}
}
